// What can be done with the chosen role: console, active profile, star, lines to copy, a profile.

import { ago, copyable, el, marked, setText, tell, text } from "/dom.js";
import { act } from "/link.js";
import { asked, changeOf, job, run, sure } from "/jobs.js";
import { choices, REGIONS, SERVICES } from "/services.js";

class Inspector {
  constructor() {
    this.row = null;
    this.key = "";
    this.called = el("span");
    this.mark = el("span", { class: "mark" });
    this.title = el("h2", {}, this.called, this.mark);
    this.facts = el("dl", {});
    this.open = el("button", { type: "button", class: "first", id: "open", onclick: () => this.enter() }, text("open-console"));
    this.use = el("button", { type: "button", id: "use", onclick: () => this.makeActive() }, text("make-active"));
    this.starred = el("button", { type: "button", id: "star", "aria-pressed": "false", onclick: () => this.star() });
    this.access = el("button", { type: "button", id: "access", onclick: () => this.check() }, text("check-access"));
    this.service = picked("service", text("service"), text("home-page"), SERVICES);
    this.region = picked("region", text("region"), text("profiles-region"), REGIONS);
    for (const one of [this.service, this.region]) {
      one.querySelector("input").addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
          this.enter();
        }
      });
    }
    this.where = el("div", { class: "where" }, this.service, this.region);
    this.copies = el("div", { class: "copies" });
    this.adding = new Adding();
    this.element = el("section", { class: "inspector", "aria-label": text("chosen-role"), hidden: true },
      this.title, this.facts, el("div", { class: "row" }, this.open, this.use, this.starred, this.access),
      this.where, this.copies, this.adding.element);
  }

  show(row) {
    this.row = row;
    this.element.hidden = row === null;
    if (row === null) {
      return;
    }
    const key = row.key.join("\n");
    const other = key !== this.key;
    this.key = key;
    setText(this.called, row.account_name || row.profile || row.account_id);
    marked(this.mark, row);
    this.facts.replaceChildren(...facts(row));
    this.open.hidden = this.where.hidden = !row.console;
    this.use.hidden = this.access.hidden = !row.profile;
    this.use.disabled = row.active;
    setText(this.use, row.active ? text("active") : text("make-active"));
    setText(this.starred, text(row.favourite ? "favourite" : "no-favourite"));
    this.starred.setAttribute("aria-pressed", String(row.favourite));
    if (other) {
      this.service.querySelector("input").value = "";
      this.region.querySelector("input").value = "";
      this.region.querySelector("input").placeholder = row.region || text("portals-region");
      this.copies.replaceChildren(...row.copies.map(copyLine));
    }
    this.adding.show(row, other);
  }

  async enter() {
    const row = this.row;
    if (!row) {
      return;
    }
    if (!row.console) {
      tell(text("no-console"), true);
      return;
    }
    tell(text("opening", { account: row.account_name || row.account_id }));
    await run(this.open, "console", {
      key: row.key,
      service: this.service.querySelector("input").value,
      region: this.region.querySelector("input").value,
    });
  }

  async makeActive() {
    const row = this.row;
    if (row.guarded && !(await sure(text("guarded-sure", row), text("make-active")))) {
      return;
    }
    await run(this.use, "use", { key: row.key });
  }

  // Have the profile's credentials fetched, with the MFA codes that its roles want.
  async check() {
    const { key } = this.row;
    const codes = [];
    this.access.setAttribute("aria-busy", "true");
    try {
      let answer = await act("access", { key, codes });
      while (answer.question) {
        const code = await asked(answer.question);
        if (code === null) {
          return;
        }
        codes.push(code);
        answer = await act("access", { key, codes });
      }
      tell(answer.said);
    } finally {
      this.access.removeAttribute("aria-busy");
    }
  }

  star() {
    return act("star", { key: this.row.key, on: !this.row.favourite });
  }
}

function facts(row) {
  const pairs = [
    [text("account"), row.account_id],
    [text("role"), row.role],
    [text("session"), row.session_name],
    [text("profile"), row.profile || (row.console ? text("needs-none") : null)],
    [text("region"), row.region],
    [text("guarded"), row.guarded ? text("yes") : null],
    [text("last-used"), row.last_used ? ago(row.last_used) : null],
  ];
  return pairs
    .filter(([, value]) => value)
    .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
}

function picked(id, label, placeholder, some) {
  return el("label", {}, label,
    el("input", { id, list: `${id}-list`, placeholder, autocomplete: "off", spellcheck: "false" }),
    choices(`${id}-list`, some));
}

function copyLine({ what, line }) {
  return el("div", { class: "copy" }, el("span", { class: "quiet" }, what), copyable(line, text("copy-what", { what })));
}

// A profile for a role that has none: a name, the exact change, then it is written.
class Adding {
  constructor() {
    this.row = null;
    this.name = el("input", { id: "profile-name", autocomplete: "off", spellcheck: "false", placeholder: "ACCOUNT-ROLE" });
    this.change = el("pre", { tabindex: "0", "aria-label": text("config-change"), hidden: true });
    this.preview = el("button", { type: "button", id: "preview", onclick: () => this.look() }, text("show-change"));
    this.write = el("button", { type: "button", id: "write", class: "first", hidden: true, onclick: () => this.save() }, text("write-it"));
    this.name.addEventListener("input", () => this.forget());
    this.element = el("details", { class: "adding", hidden: true }, el("summary", {}, text("add-as-profile")),
      el("label", {}, text("profile-name"), this.name), this.change,
      el("div", { class: "row" }, this.preview, this.write));
  }

  show(row, other) {
    this.row = row;
    this.element.hidden = Boolean(row.profile) || !row.console;
    if (other) {
      this.element.open = false;
      this.name.value = "";
      this.forget();
    }
  }

  forget() {
    this.change.hidden = this.write.hidden = true;
  }

  async look() {
    const row = this.row;
    this.preview.setAttribute("aria-busy", "true");
    const done = await job("add", { key: row.key, name: this.name.value })
      .finally(() => this.preview.removeAttribute("aria-busy"));
    if (row.key.join("\n") !== this.row?.key.join("\n")) {
      return;
    }
        this.change.hidden = this.write.hidden = done.exit !== 0;
    setText(this.change, changeOf(done.printed));
    if (done.exit) {
      tell(done.said, true);
    }
  }

  async save() {
    const done = await run(this.write, "add", { key: this.row.key, name: this.name.value, write: true });
    if (!done.exit) {
      this.forget();
    }
  }
}

export const inspector = () => new Inspector();
