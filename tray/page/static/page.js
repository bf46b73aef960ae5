// What is shown: one of the views, the standing of SSO Tray, and what is told.

import { el, setText, tell, text } from "/dom.js";
import { enter, follow, Refused } from "/link.js";
import { jobEnded } from "/jobs.js";
import { accounts } from "/accounts.js";
import { help } from "/help.js";
import { history } from "/history.js";
import { sessions } from "/sessions.js";
import { settings } from "/settings.js";
import { setup } from "/setup.js";

const VIEWS = { accounts, sessions, history, settings, setup, help };
const main = document.getElementById("main");
const made = new Map();
let news = { status: null, words: {}, lost: "" };
let shown = "";

function show(page, find = "") {
  const name = page in VIEWS ? page : "accounts";
  if (!made.has(name)) {
    made.set(name, VIEWS[name].make());
  }
  const view = made.get(name);
  const moved = shown !== name;
  shown = name;
  for (const link of document.querySelectorAll("#pages a")) {
    const here = link.dataset.page === name;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  document.title = `${VIEWS[name].title} · SSO Tray`;
  if (moved) {
    main.replaceChildren(view.element);
  }
  view.stands(news);
  view.shown(find);
}

function heard(message) {
  if ("status" in message || "lost" in message) {
    news = { ...news, ...message, lost: message.lost || "" };
    standing();
    made.get(shown)?.stands(news);
  }
  for (const view of made.values()) {
    if ("changed" in message) {
      view.changed(message.changed);
    }
  }
  if ("listing" in message) {
    listing(message.listing);
  }
  if ("job" in message) {
    jobEnded(message.job);
  }
}

function standing() {
  banner(news.lost);
  const active = news.status?.active_profile;
  setText(document.getElementById("standing"), active ? text("active-profile", { name: active }) : text("no-active-profile"));
}

// How far a listing of accounts is, whoever asked for it.
function listing(far) {
  const bar = document.getElementById("listed");
  document.getElementById("listing").hidden = !far;
  if (far) {
    setText(bar.labels[0], text(far.total ? "listing" : "listing-begins", far));
    bar.max = far.total || 1;
    far.total ? (bar.value = far.done) : bar.removeAttribute("value");
  }
}

function banner(sentence) {
  const place = document.getElementById("banner");
  place.hidden = !sentence;
  setText(place, sentence);
}

function navigation() {
  const pages = document.getElementById("pages");
  for (const [name, view] of Object.entries(VIEWS)) {
    pages.append(el("a", { href: `#${name}`, "data-page": name }, view.title));
  }
  addEventListener("hashchange", () => {
    const name = location.hash.slice(1);
    if (name in VIEWS) {
      show(name);
    }
  });
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
}

// Nothing goes on here: say why, and leave what was read.
function over(sentence) {
  document.body.classList.add("over");
  banner(sentence);
  if (!shown) {
    main.replaceChildren(el("p", { class: "empty" }, sentence));
  }
}

async function begin() {
  navigation();
  let place;
  try {
    place = await enter();
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    document.title = text("not-open");
    over(error.message);
    return;
  }
  show(place.page, place.find);
  over(await follow(heard));
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Refused) {
    event.preventDefault();
    tell(event.reason.message, true);
  }
});

begin();
