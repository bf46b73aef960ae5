// History: a day, a week or a month, drawn; and the same in words below.

import { clock, counted, DATE, el, setText, text, TIME, written } from "/dom.js";
import { ask, Refused } from "/link.js";

const SPANS = { day: "Day", week: "Week", month: "Month", year: "Year" };
const LANE = 34;
const LEFT = 4;

class History {
  constructor() {
    this.span = "day";
    this.found = null;
    this.choices = el("div", { class: "row", role: "group", "aria-label": text("how-much") },
      ...Object.entries(SPANS).map(([span, label]) => el("button",
        { type: "button", "data-span": span, "aria-pressed": String(span === this.span), onclick: () => this.choose(span) }, label)));
    this.drawing = el("div", { class: "drawing" });
    this.empty = el("p", { class: "empty", hidden: true }, text("no-history"));
    this.events = el("ol", { class: "events" });
    this.element = el("div", { class: "history" }, el("h1", {}, text("history")), this.choices, this.drawing,
      this.empty, el("h2", {}, text("in-words")), this.events);
    new ResizeObserver(() => this.draw()).observe(this.drawing);
  }

  shown() {
    this.load();
  }

  stands() {}

  changed(names) {
    if (this.element.isConnected && names.includes("history")) {
      this.load();
    }
  }

  choose(span) {
    this.span = span;
    for (const button of this.choices.children) {
      button.setAttribute("aria-pressed", String(button.dataset.span === span));
    }
    this.load();
  }

  async load() {
    const { span } = this;
    let found;
    try {
      found = await ask("history", { span });
    } catch (error) {
      if (error instanceof Refused && error.status === 0) {
        return;
      }
      throw error;
    }
    if (span !== this.span) {
      return; // another one was chosen meanwhile
    }
    this.found = found;
    this.draw();
    this.events.replaceChildren(...this.found.events.map(([at, text]) => el("li", {},
      el("time", { datetime: new Date(at * 1000).toISOString() }, clock(new Date(at * 1000))), ` ${text}`)));
  }

  draw() {
    const found = this.found;
    const width = this.drawing.clientWidth;
    if (!found || !width) {
      return;
    }
    const lanes = [...found.sessions.map(sessionLane), ...found.programs.map(programLane)];
    this.empty.hidden = lanes.length > 0;
    if (!lanes.length) {
      this.drawing.replaceChildren();
      return;
    }
    const at = (time) => LEFT + ((time - found.since) / (found.until - found.since)) * (width - 2 * LEFT);
    const height = lanes.length * LANE + 24;
    const failures = found.sessions.reduce((sum, one) => sum + one.failures.length, 0);
    const said = `${counted(found.sessions.length, "session")}, ${counted(failures, "failure")}, ${counted(found.programs.length, "use", "uses")} by programs. The list below says the same in words.`;
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said });
    ticks(found).forEach(([time, label]) => {
      svg.append(shape("line", { class: "tick", x1: at(time), x2: at(time), y1: 0, y2: height - 20 }));
      svg.append(shape("text", { class: "label", x: Math.min(at(time) + 3, width - 60), y: height - 6 }, label));
    });
    lanes.forEach((lane, place) => lane(svg, at, place * LANE, found));
    this.drawing.replaceChildren(svg);
  }
}

function sessionLane(session) {
  return (svg, at, top, found) => {
    svg.append(shape("text", { class: "name", x: LEFT, y: top + 12 }, session.name));
    for (const [from, to] of session.spans) {
      svg.append(shape("rect", { class: "span", x: at(from), width: Math.max(2, at(to) - at(from)), y: top + 16, height: 12, rx: 3 },
        shape("title", {}, `${session.name}: signed in, ${clock(new Date(from * 1000))} – ${clock(new Date(to * 1000))}`)));
    }
    session.renewals.forEach((times, bucket) => {
      if (times) {
        svg.append(shape("rect", { class: "renewal", x: at(middle(found, bucket)) - 1, width: 2, y: top + 17, height: 10 },
          shape("title", {}, `renewed ${times === 1 ? "once" : `${times} times`}`)));
      }
    });
    for (const [time, text] of session.failures) {
      svg.append(shape("path", { class: "failure", d: `M${at(time) - 6},${top + 28}l6,-12l6,12z` },
        shape("title", {}, `${clock(new Date(time * 1000))} ${text}`)));
    }
  };
}

function programLane(lane) {
  const most = Math.max(...lane.uses);
  return (svg, at, top, found) => {
    const whom = `${lane.program || "a program"} · ${lane.role}`;
    svg.append(shape("text", { class: "name quiet", x: LEFT, y: top + 12 }, whom));
    const wide = Math.max(2, at(middle(found, 1)) - at(middle(found, 0)) - 1);
    lane.uses.forEach((times, bucket) => {
      if (times) {
        const tall = 4 + (times / most) * 9;
        svg.append(shape("rect", { class: "use", x: at(middle(found, bucket)) - wide / 2, width: wide, y: top + 29 - tall, height: tall },
          shape("title", {}, `${whom}: ${counted(times, "time")}, about ${clock(new Date(middle(found, bucket) * 1000))}`)));
      }
    });
  };
}

function middle(found, bucket) {
  return found.since + ((bucket + 0.5) * (found.until - found.since)) / found.buckets;
}

function ticks(found) {
  const days = (found.until - found.since) / 86400;
  const step = days > 60 ? 61 * 24 : days > 8 ? 7 * 24 : days > 2 ? 24 : 6;
  const first = new Date(found.since * 1000);
  first.setMinutes(0, 0, 0);
  first.setHours(days > 2 ? 0 : Math.ceil(first.getHours() / 6) * 6);
  const made = [];
  for (const one = first; one.getTime() / 1000 < found.until; one.setHours(one.getHours() + step)) {
    if (one.getTime() / 1000 >= found.since) {
      made.push([one.getTime() / 1000, written(one, days > 2 ? DATE : TIME)]);
    }
  }
  return made;
}

function shape(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const history = { title: text("history"), make: () => new History() };
