// Help: what works here, and what to do about what does not; as the doctor says it.

import { el, setText, text } from "/dom.js";
import { job } from "/jobs.js";

class Help {
  constructor() {
    this.again = el("button", { type: "button", id: "doctor", onclick: () => this.look() }, text("run-doctor"));
    this.found = el("pre", { tabindex: "0", hidden: true, "aria-label": text("doctor") });
    this.element = el("div", { class: "settings help" }, el("h1", {}, text("help")), el("p", {}, text("help-more")),
      el("div", { class: "row" }, this.again), this.found);
  }

  shown() {
    this.look();
  }

  stands() {}

  changed() {}

  async look() {
    this.again.setAttribute("aria-busy", "true");
    const done = await job("doctor", {}).finally(() => this.again.removeAttribute("aria-busy"));
    this.found.hidden = false;
    setText(this.found, done.printed || done.said);
  }
}

export const help = { title: text("help"), make: () => new Help() };
