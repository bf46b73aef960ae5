// Settings as a form: each key with its value, whence it comes, a control and a reset.

import { copyable, el, setText, tell, text } from "/dom.js";
import { ask, Refused } from "/link.js";
import { job } from "/jobs.js";

class Settings {
  constructor() {
    this.fields = new Map();
    this.intro = el("p", { class: "quiet intro" });
    this.problems = el("ul", { class: "problems", hidden: true });
    this.body = el("div", {});
    this.groups = "";
    this.element = el("div", { class: "settings" }, el("h1", {}, text("settings")), this.intro, this.problems, this.body);
  }

  shown() {
    this.load();
  }

  stands() {}

  changed(names) {
    if (this.element.isConnected && (names.includes("settings") || names.includes("accounts"))) {
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
    setText(this.intro, text("settings-intro", { file: answer.file }));
    this.problems.hidden = !answer.problems.length;
    this.problems.replaceChildren(...answer.problems.map((one) => el("li", {}, one)));
    const groups = JSON.stringify(answer.groups.map((group) => group.settings.map((one) => one.name)));
    if (groups !== this.groups) {
      this.groups = groups;
      this.build(answer.groups);
    }
    for (const group of answer.groups) {
      group.settings.forEach((setting) => this.fields.get(setting.name).show(setting));
    }
  }

  // Only where other settings are there than before: whoever types into a field keeps it.
  build(groups) {
    this.fields.clear();
    let number = 0;
    this.body.replaceChildren(...groups.map((group) => {
      const fields = group.settings.map((setting) => {
        const field = new Field(setting, number++);
        this.fields.set(setting.name, field);
        return field.element;
      });
      return el("section", { class: "group" }, el("h2", {}, group.title), ...fields);
    }));
  }
}

class Field {
  constructor(setting, number) {
    this.name = setting.name;
    this.kind = setting.kind;
    this.written = null; // what the control said when it was filled last
    const id = `setting-${number}`;
    this.control = control(setting, { id, "aria-describedby": `${id}-help ${id}-whence ${id}-fault` });
    this.control?.addEventListener(this.kind === "flag" ? "change" : "input", () => this.typed());
    this.control?.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.kind !== "words") {
        event.preventDefault();
        this.save();
      }
    });
    const values = { name: setting.shown_name };
    this.saving = el("button", { type: "button", class: "first save", hidden: true, "aria-label": text("save-one", values),
      onclick: () => this.save() }, text("save"));
    this.resetting = el("button", { type: "button", class: "reset", "aria-label": text("reset-one", values),
      onclick: () => this.send("reset", {}) }, text("reset"));
    this.value = el("code", {});
    this.whence = el("span", { class: "quiet", id: `${id}-whence` });
    this.fault = el("p", { class: "fault", id: `${id}-fault`, role: "alert" });
    const name = this.control ? el("label", { for: id }, setting.shown_name) : el("b", {}, setting.shown_name);
    const hint = { words: text("one-a-line"), numbers: text("comma") }[this.kind];
    this.element = el("div", { class: "setting", "data-name": setting.name },
      el("div", { class: "what" }, name, el("p", { class: "quiet", id: `${id}-help` }, setting.help, hint ? ` ${hint}` : "")),
      el("div", { class: "how" }, this.control || this.value,
        setting.line && !setting.locked ? el("p", { class: "quiet" }, text("at-a-terminal")) : null,
        setting.line && !setting.locked ? copyable(setting.line) : null,
        this.fault),
      el("div", { class: "whence" }, this.whence, el("span", { class: "row" }, this.saving, this.resetting)));
  }

  show(setting) {
    this.element.classList.toggle("chosen", setting.set);
    setText(this.whence, setting.set || setting.locked ? text("set-by", setting) : text("default"));
    setText(this.value, setting.shown);
    this.resetting.hidden = !setting.set_here || setting.locked;
    if (!this.control) {
      return;
    }
    this.control.disabled = setting.locked;
    const now = spoken(setting);
    if (this.written === null || this.said() === this.written) {
      this.say(now);
    }
    this.written = now;
    this.saving.hidden = this.kind === "flag" || this.said() === now;
  }

  say(said) {
    if (this.kind === "flag") {
      this.control.checked = said === "true";
      return;
    }
    this.control.value = said;
    if (this.kind === "words") {
      this.control.rows = Math.min(8, Math.max(2, lines(said).length));
    }
  }

  // What the control says, as text that can be compared.
  said() {
    return this.kind === "flag" ? String(this.control.checked) : this.control.value;
  }

  typed() {
    const changed = this.said() !== this.written;
    if (!changed) {
      this.wrong("");
    }
    this.saving.hidden = this.kind === "flag" || !changed;
    if (this.kind === "flag" && changed) {
      this.save();
    }
  }

  save() {
    const said = this.said();
    const value = { words: lines(said), numbers: said.split(/[\s,]+/).filter(Boolean) }[this.kind] || [said.trim()];
    return this.send("set", { value });
  }

  async send(what, members) {
    const said = this.control && this.said();
    this.element.setAttribute("aria-busy", "true");
    const done = await job(what, { name: this.name, ...members })
      .finally(() => this.element.removeAttribute("aria-busy"));
    if (done.exit) {
      this.wrong(done.said);
      if (this.kind === "flag") {
        this.say(this.written);
      }
      return;
    }
    this.wrong("");
    tell(done.said);
    if (this.control && this.said() === said && what === "set") {
      this.written = said;
      this.saving.hidden = true;
    }
  }

  wrong(sentence) {
    setText(this.fault, sentence);
    this.control?.setAttribute("aria-invalid", String(Boolean(sentence)));
  }
}

function control(setting, attributes) {
  switch (setting.kind) {
    case "flag":
      return el("input", { type: "checkbox", ...attributes });
    case "choice":
      return el("select", attributes, ...setting.choices.map((one) => el("option", { value: one }, one)));
    case "words":
      return el("textarea", { rows: 2, spellcheck: "false", autocomplete: "off", ...attributes });
    case "command":
    case "place":
      return null;
    default:
      return el("input", { type: "text", spellcheck: "false", autocomplete: "off",
        inputmode: setting.kind === "text" ? null : "decimal", ...attributes });
  }
}

// What the control of a setting says of its value.
function spoken({ kind, value }) {
  switch (kind) {
    case "flag":
      return String(value === true);
    case "words":
      return (value || []).join("\n");
    default:
      return Array.isArray(value) ? value.join(", ") : String(value ?? "");
  }
}

function lines(text) {
  return text.split("\n").map((one) => one.trim()).filter(Boolean);
}

export const settings = { title: text("settings"), make: () => new Settings() };
