// Settings: each key with its value, and where it is set.

import { el, setText } from "/dom.js";
import { ask, Refused } from "/link.js";

class Settings {
  constructor() {
    this.file = el("code", {});
    this.body = el("tbody", {});
    this.problems = el("ul", { class: "problems", hidden: true });
    this.element = el("div", { class: "settings" }, el("h1", {}, "Settings"),
      el("p", { class: "quiet" }, "To change one, write it into ", this.file,
        "; it counts as soon as the file is saved. The menu's Settings has the most common ones. What each means: sso-tray guide files-and-settings"),
      this.problems,
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All settings" },
        el("table", {}, el("thead", {}, el("tr", {}, ...["Setting", "Value", "Set by"].map((one) => el("th", { scope: "col" }, one)))), this.body)));
  }

  shown() {
    this.load();
  }

  stands() {}

  changed(names) {
    if (this.element.isConnected && names.includes("settings")) {
      this.load();
    }
  }

  async load() {
    let answer;
    try {
      answer = await ask("settings");
    } catch (error) {
      if (error instanceof Refused && error.status === 0) {
        return;
      }
      throw error;
    }
    setText(this.file, answer.file);
    this.problems.hidden = !answer.problems.length;
    this.problems.replaceChildren(...answer.problems.map((one) => el("li", {}, one)));
    this.body.replaceChildren(...answer.settings.map(([name, value, whence, chosen]) => el("tr", { class: chosen ? "chosen" : "" },
      el("th", { scope: "row" }, name), el("td", {}, el("code", {}, value)), el("td", {}, whence))));
  }
}

export const settings = { title: "Settings", make: () => new Settings() };
