// Elements and words; nothing here makes HTML out of text.

import { CLOCK, TEXT } from "/text.js";

// A sentence of the page by its name, with what is to be filled in.
export function text(name, values = {}) {
  return TEXT[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Set a text only where it differs, so that screen readers hear what is new alone.
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

// Say the label of an account, and give it its colour.
export function marked(element, { label, colour }) {
  setText(element, label);
  element.hidden = !label;
  element.style.setProperty("--mark", colour || "transparent");
}

let clearing = 0;

// Say a sentence to the person, whatever they look at.
export function tell(sentence, bad = false) {
  const told = document.getElementById("told");
  told.classList.toggle("bad", bad);
  told.textContent = sentence;
  clearTimeout(clearing);
  clearing = setTimeout(() => {
    told.textContent = "";
  }, bad ? 15000 : 6000);
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

export function counted(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

// "2 h 5 min" for seconds ahead.
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) {
    return `${whole} s`;
  }
  if (whole < HOUR) {
    const rest = whole < 10 * MINUTE ? ` ${whole % MINUTE} s` : "";
    return `${Math.floor(whole / MINUTE)} min${rest}`;
  }
  if (whole < DAY) {
    return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min`;
  }
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

// "5 min ago", from seconds since the epoch.
export function ago(at) {
  const past = Date.now() / 1000 - at;
  if (past < MINUTE) {
    return "just now";
  }
  if (past < HOUR) {
    return `${Math.floor(past / MINUTE)} min ago`;
  }
  if (past < DAY) {
    return `${Math.floor(past / HOUR)} h ago`;
  }
  return past < 2 * DAY ? "yesterday" : `${Math.floor(past / DAY)} days ago`;
}

export const TIME = { hour: CLOCK.twelve ? "numeric" : "2-digit", minute: "2-digit", hour12: CLOCK.twelve };
export const DATE = { day: "numeric", month: "short" };

// A time or a date in English, as the locale of the user's session has it; the browser's is often English by default.
export function written(moment, form) {
  return moment.toLocaleString(CLOCK.english, form);
}

// "17:42", with its day where that is another one.
export function clock(moment) {
  const today = moment.toDateString() === new Date().toDateString();
  return written(moment, today ? TIME : { weekday: "short", ...DATE, ...TIME });
}

// A line to copy, and its button.
export function copyable(line, label = text("copy")) {
  // It is broken between words alone, never within an option.
  const words = line.split(" ").flatMap((word) => [el("span", {}, word), " "]);
  const code = el("code", {}, ...words.slice(0, -1));
  const button = el("button", { type: "button", "aria-label": label, onclick: () => copy(line, code) }, text("copy"));
  return el("div", { class: "line" }, code, button);
}

async function copy(line, code) {
  try {
    await navigator.clipboard.writeText(line);
    tell(text("copied"));
  } catch {
    getSelection().selectAllChildren(code);
    tell(text("no-clipboard"), true);
  }
}
