// Sessions: how each stands, when it ends, and which programs used it.

import { ago, clock, counted, el, setText, span, tell, text } from "/dom.js";
import { run, sure } from "/jobs.js";
import { act, ask, Refused } from "/link.js";

const KNOWN = { exact: "", set: "", learnt: "about ", no: "" };
const STATES = {
  "signed-in": "Signed in", "signed-out": "Signed out", "signing-in": "Signing in",
  ending: "Ending", expired: "Expired", "renewal-failing": "Can't renew", unreadable: "Unreadable",
};

class Sessions {
  constructor() {
    this.cards = new Map();
    this.uses = {};
    this.listings = {};
    this.news = null;
    this.list = el("div", { class: "cards" });
    this.empty = el("p", { class: "empty", hidden: true }, text("no-sessions"), " ", el("a", { href: "#setup" }, text("setup-title")));
    this.problems = el("ul", { class: "problems", hidden: true });
    this.element = el("div", { class: "sessions" }, el("h1", {}, text("sessions")), this.problems, this.list, this.empty);
    setInterval(() => this.tick(), 1000);
  }

  shown() {
    this.load();
  }

  changed(names) {
    if (this.element.isConnected && (names.includes("history") || names.includes("accounts"))) {
      this.load();
    }
  }

  async load() {
    try {
      const [uses, listings] = await Promise.all([ask("uses"), ask("listings")]);
      this.uses = uses.sessions;
      this.listings = Object.fromEntries(listings.sessions.map((one) => [one.key, one]));
    } catch (error) {
      if (error instanceof Refused && error.status === 0) {
        return;
      }
      throw error;
    }
    this.draw();
  }

  stands(news) {
    this.news = news;
    this.draw();
  }

  draw() {
    const status = this.news?.status;
    if (!status) {
      return;
    }
    this.empty.hidden = status.sessions.length > 0;
    this.problems.hidden = !status.problems.length;
    this.problems.replaceChildren(...status.problems.map((one) => el("li", {}, one)));
    const keys = new Set(status.sessions.map((one) => one.key));
    for (const [key, card] of this.cards) {
      if (!keys.has(key)) {
        card.element.remove();
        this.cards.delete(key);
      }
    }
    for (const session of status.sessions) {
      if (!this.cards.has(session.key)) {
        const card = new Card(session.key);
        this.cards.set(session.key, card);
        this.list.append(card.element);
      }
      const more = { words: this.news.words?.[session.key], lost: this.news.lost,
        uses: this.uses[session.key] || [], listing: this.listings[session.key] };
      this.cards.get(session.key).draw(session, more);
    }
  }

  tick() {
    if (this.element.isConnected) {
      this.cards.forEach((card) => card.tick());
    }
  }
}

class Card {
  constructor(key) {
    this.key = key;
    this.name = el("h2", {});
    this.state = el("span", { class: "state" });
    this.words = el("p", { class: "words" });
    this.facts = el("dl", {});
    this.uses = el("div", { class: "uses" });
    this.times = [];
    this.buttons = {
      "sign-in": this.button(text("sign-in"), "sign-in", "first"),
      "sign-in-afresh": this.button(text("sign-in-afresh"), "sign-in-afresh"),
      cancel: el("button", { type: "button", onclick: () => this.cancel() }, text("setup-cancel")),
      renew: this.button(text("renew"), "renew"),
      undo: this.button(text("undo"), "undo"),
      "sign-out": this.button(text("sign-out"), "sign-out"),
      list: this.button(text("fetch"), "list"),
    };
    this.element = el("article", { class: "card" },
      el("div", { class: "top" }, this.name, this.state), this.words, this.facts,
      el("div", { class: "row" }, ...Object.values(this.buttons)), this.uses);
  }

  button(label, what, kind = "") {
    return el("button", { type: "button", class: kind, "data-what": what, onclick: () => this.act(what) }, label);
  }

  async act(what) {
    const name = this.name.textContent;
    const asked = {
      "sign-out": [text("sign-out-sure", { name }), text("sign-out")],
      "sign-in-afresh": [text("afresh-sure", { name }), text("sign-out-and-in")],
    }[what];
    if (asked && !(await sure(...asked))) {
      return;
    }
    if (what === "sign-in" || what === "sign-in-afresh") {
      tell(text("setup-signing-in"));
    }
    await run(this.buttons[what], what, { session: this.key });
  }

  async cancel() {
    const { said } = await act("cancel", { session: this.key });
    tell(said);
  }

  offer(session, lost) {
    const shown = {
      "sign-in": !["signed-in", "signing-in"].includes(session.state),
      "sign-in-afresh": !["signed-out", "expired", "signing-in"].includes(session.state),
      cancel: session.state === "signing-in" && !lost,
      renew: session.renews && session.state !== "signing-in",
      undo: Boolean(session.can_undo),
      "sign-out": !["signed-out", "signing-in"].includes(session.state) || Boolean(session.can_undo),
      list: ["signed-in", "ending", "renewal-failing"].includes(session.state),
    };
    for (const [what, button] of Object.entries(this.buttons)) {
      button.hidden = !shown[what];
    }
  }

  draw(session, { words, lost, uses, listing }) {
    this.offer(session, lost);
    this.element.dataset.state = session.state;
    setText(this.name, session.name);
    setText(this.state, STATES[session.state] || session.state);
    setText(this.words, words || "");
    this.times = [];
    const pairs = [
      ["Session ends", this.moment(session.session_ends_at, KNOWN[session.session_end_known])],
      ["Session began", session.session_began_at && clock(new Date(session.session_began_at))],
      ["Access token", this.moment(session.token_expires_at, "")],
      ["Renewal", renewal(session)],
      ["Start URL", session.start_url],
      ["Region", session.region],
      ["Profiles", session.profiles.length ? counted(session.profiles.length, "profile") : "none"],
      ["Accounts", listing?.listed_at ? `${counted(listing.accounts, "account")}, ${counted(listing.roles, "role")}, listed ${ago(listing.listed_at)}` : null],
    ];
    this.facts.replaceChildren(...pairs.filter(([, value]) => value)
      .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    this.uses.replaceChildren(el("h3", {}, text("used-lately")), usesList(uses));
    this.tick();
  }

  moment(at, about) {
    if (!at) {
      return null;
    }
    const moment = new Date(at);
    const left = el("span", { class: "left" });
    this.times.push([moment, left]);
    return el("span", {}, `${about}${clock(moment)} `, left);
  }

  tick() {
    for (const [moment, left] of this.times) {
      const seconds = (moment.getTime() - Date.now()) / 1000;
      setText(left, seconds > 0 ? `in ${span(seconds)}` : "over");
    }
  }
}

function renewal(session) {
  if (!session.renews) {
    return session.state === "signed-out" || session.state === "expired" ? null : "not renewed";
  }
  const by = session.renewed_by === "clients" ? "by the AWS CLI and SDKs" : "by SSO Tray";
  const next = session.next_attempt_at;
  return next ? `${by}, next at ${clock(new Date(next))}` : by;
}

function usesList(uses) {
  if (!uses.length) {
    return el("p", { class: "quiet" }, text("used-by-none"));
  }
  return el("ul", {}, ...uses.slice(0, 8).map((use) => el("li", {},
    el("b", {}, use.program || "a program"), ` ${use.role} `,
    el("span", { class: "quiet" }, `${use.times > 1 ? `${use.times} times, ` : ""}${ago(use.last_at)}`))));
}

export const sessions = { title: text("sessions"), make: () => new Sessions() };
