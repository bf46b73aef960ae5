// Set up: the portal, a sign-in, accounts and roles, and what makes a bare aws work.

import { el, setText, tell, text } from "/dom.js";
import { act, ask } from "/link.js";
import { changeOf, job, run, sure } from "/jobs.js";
import { choices, REGIONS } from "/services.js";

const MOST = 100;

class Setup {
  constructor() {
    this.portal = new Portal((session, region) => this.roles.begin(session, region));
    this.use = new Use();
    this.roles = new Roles(this.use);
    this.element = el("div", { class: "setup" }, el("h1", {}, text("setup-title")),
      this.portal.element, this.roles.element, this.use.element);
  }

  shown() {
    this.portal.url.input.focus();
  }

  stands(news) {
    this.portal.stands(news.status?.sessions || []);
  }

  changed() {}
}

class Portal {
  constructor(done) {
    this.done = done;
    this.url = new Text("setup-url");
    this.region = new Text("setup-region", REGIONS);
    this.name = new Text("setup-name");
    this.there = el("div", { class: "row" });
    this.known = el("div", { hidden: true }, el("p", { class: "quiet" }, text("setup-there")), this.there);
    this.change = el("pre", { tabindex: "0", hidden: true });
    this.next = el("button", { type: "submit", id: "setup-next" }, text("setup-next"));
    this.write = button("setup-write", "first", () => this.save());
    this.write.hidden = true;
    this.cancel = button("setup-cancel", "", () => this.giveUp());
    this.cancel.hidden = true;
    this.fault = el("p", { class: "fault", role: "alert" });
    this.state = el("p", { role: "status" });
    for (const field of [this.url, this.region, this.name]) {
      field.input.addEventListener("input", () => this.forget());
    }
    this.url.input.addEventListener("change", () => this.check(false));
    const form = el("form", { novalidate: true, onsubmit: (event) => {
      event.preventDefault();
      this.look();
    } }, this.url.element, this.region.element, this.name.element, this.change, this.fault, this.state,
    el("div", { class: "row" }, this.next, this.write, this.cancel));
    this.element = card("setup-portal", el("p", { class: "quiet" }, text("setup-portal-help")), this.known, form);
  }

  stands(every) {
    const sessions = every.filter((one) => !one.key.includes("://")); // a legacy one has no name
    const names = sessions.map((one) => one.key);
    if (names.join("\n") !== this.names) {
      this.names = names.join("\n");
      this.known.hidden = !names.length;
      this.there.replaceChildren(...sessions.map((one) => el("button", { type: "button", "data-session": one.key,
        onclick: (event) => this.goOn(event.target, one) }, text("setup-use", { name: one.key }))));
    }
  }

  forget() {
    this.change.hidden = this.write.hidden = true;
    setText(this.fault, "");
  }

  asked() {
    return { url: this.url.value, region: this.region.value, name: this.name.value };
  }

  // Clean what was typed; with `all`, say what is missing too. True if nothing is wrong.
  async check(all) {
    const before = this.asked();
    const found = await act("check", before);
    const fields = { url: this.url, region: this.region, name: this.name };
    let first = null;
    for (const [name, field] of Object.entries(fields)) {
      if (field.value !== before[name]) {
        continue; // typed on meanwhile
      }
      field.input.value = found[name];
      const fault = all || (before[name] && name === "url") ? found.faults[name] || "" : "";
      field.wrong(fault);
      first ??= fault ? field : null;
    }
    if (all) {
      first?.input.focus();
    }
    return !Object.keys(found.faults).length;
  }

  async look() {
    if (!(await this.check(true))) {
      return;
    }
    const done = await busy(this.next, job("session", this.asked()));
    setText(this.fault, done.exit ? done.said : "");
    this.change.hidden = this.write.hidden = done.exit !== 0;
    setText(this.change, changeOf(done.printed));
    if (!done.exit) {
      this.write.focus();
    }
  }

  async save() {
    const asked = this.asked();
    await this.signIn(this.write, job("session", { ...asked, write: true }), asked.name, asked.region);
  }

  async goOn(button, session) {
    const needs = !["signed-in", "ending"].includes(session.state);
    if (needs) {
      await this.signIn(button, job("sign-in", { session: session.key }), session.key, session.region);
    } else {
      this.done(session.key, session.region);
    }
  }

  async signIn(button, ending, name, region) {
    setText(this.state, text("setup-signing-in"));
    this.signing = name;
    this.cancel.hidden = false;
    const done = await busy(button, ending).finally(() => {
      this.cancel.hidden = true;
      setText(this.state, "");
    });
    setText(this.fault, done.exit ? done.said : "");
    if (!done.exit) {
      this.forget();
      this.done(name, region);
    }
  }

  async giveUp() {
    const { said } = await act("cancel", { session: this.signing });
    tell(said);
  }
}

class Roles {
  constructor(use) {
    this.use = use;
    this.session = "";
    this.chosen = new Set();
    this.rows = [];
    this.state = el("p", { role: "status" });
    this.find = el("input", { type: "search", id: "setup-find", "aria-label": text("setup-find"), placeholder: text("setup-find"),
      autocomplete: "off", spellcheck: "false", oninput: () => this.load() });
    this.list = el("ul", { class: "picks", "aria-label": text("setup-roles") });
    this.more = el("p", { class: "quiet" });
    this.count = el("p", { role: "status" });
    this.region = new Text("setup-work-region", REGIONS);
    this.change = el("pre", { tabindex: "0", hidden: true });
    this.fault = el("p", { class: "fault", role: "alert" });
    this.look = button("setup-look", "", () => this.preview());
    this.write = button("setup-add", "first", () => this.save());
    this.write.hidden = true;
    this.region.input.addEventListener("input", () => this.forget());
    this.body = el("div", { hidden: true }, el("p", { class: "quiet" }, text("setup-roles-help")), this.find,
      el("div", { class: "row" }, button("setup-every", "", () => this.every()), button("setup-none", "", () => this.none())),
      this.list, this.more, this.count, this.region.element, this.change,
      el("div", { class: "row" }, this.look, this.write));
    this.element = card("setup-roles", this.state, this.fault, this.body);
    this.element.hidden = true;
  }

  async begin(session, region) {
    this.session = session;
    this.chosen.clear();
    this.region.input.value = this.region.value || region || "";
    this.forget();
    this.element.hidden = false;
    this.element.scrollIntoView();
    setText(this.state, text("setup-listing"));
    const done = await job("list", { session });
    setText(this.state, "");
    setText(this.fault, done.exit ? done.said : "");
    this.body.hidden = done.exit !== 0;
    if (!done.exit) {
      await this.load();
      const there = this.rows.filter((row) => row.profile).map(pick);
      if (there.length) {
        await this.use.begin(session, there);
      }
      this.find.focus();
    }
  }

  async load() {
    this.asking?.abort();
    this.asking = new AbortController();
    let answer;
    try {
      answer = await ask("accounts", { session: this.session, q: this.find.value, most: MOST }, this.asking.signal);
    } catch (error) {
      if (error.name === "AbortError") {
        return;
      }
      throw error;
    }
    this.rows = answer.rows;
    this.list.replaceChildren(...answer.rows.map((row) => this.row(row)));
    const left = answer.found - answer.rows.length;
    setText(this.more, left > 0 ? text("setup-more", { count: left.toLocaleString("en") }) : "");
    this.counted();
  }

  row(row) {
    const name = pick(row);
    const box = el("input", { type: "checkbox", checked: this.chosen.has(name) || Boolean(row.profile), disabled: Boolean(row.profile),
      onchange: () => this.choose([name], box.checked) });
    return el("li", {}, el("label", {}, box, el("b", {}, row.account_name || row.account_id), ` ${row.role} `,
      el("span", { class: "quiet" }, row.profile ? text("setup-has", row) : row.account_id)));
  }

  choose(names, on) {
    names.forEach((name) => (on ? this.chosen.add(name) : this.chosen.delete(name)));
    this.forget();
    this.counted();
  }

  every() {
    this.choose(this.rows.filter((row) => !row.profile).map(pick), true);
    this.load();
  }

  none() {
    this.chosen.clear();
    this.forget();
    this.load();
  }

  counted() {
    setText(this.count, text("setup-chosen", { count: this.chosen.size }));
  }

  forget() {
    this.change.hidden = this.write.hidden = true;
    setText(this.fault, "");
  }

  asked() {
    return { session: this.session, picks: [...this.chosen], region: this.region.value };
  }

  async preview() {
    const done = await busy(this.look, job("add-some", this.asked()));
    setText(this.fault, done.exit ? done.said : "");
    this.change.hidden = this.write.hidden = done.exit !== 0;
    setText(this.change, changeOf(done.printed));
    if (!done.exit) {
      this.write.focus();
    }
  }

  async save() {
    const asked = this.asked();
    const done = await busy(this.write, job("add-some", { ...asked, write: true }));
    setText(this.fault, done.exit ? done.said : "");
    if (!done.exit) {
      this.forget();
      this.chosen.clear();
      await this.load();
      await this.use.begin(asked.session, asked.picks);
      this.use.reveal();
    }
  }
}

class Use {
  constructor() {
    this.rows = new Map();
    this.profile = el("select", { id: "setup-profile" });
    this.active = button("setup-active", "first", () => this.makeActive());
    this.console = button("setup-console", "", () => run(this.console, "console", { key: this.key() }));
    this.follow = button("setup-follow", "", () => this.once(this.follow, "follow"));
    this.login = button("setup-login", "", () => this.once(this.login, "at-login"));
    this.element = card("setup-use-it", el("p", { class: "quiet" }, text("setup-use-help")),
      el("label", { for: "setup-profile" }, text("setup-profile")), this.profile,
      el("div", { class: "row" }, this.active, this.console),
      el("p", { class: "quiet" }, text("setup-follow-help")), el("div", { class: "row" }, this.follow, this.login));
    this.element.hidden = true;
  }

  async begin(session, picks) {
    const wanted = new Set(picks);
    const found = await Promise.all([...new Set(picks.map((one) => one.split("/")[0]))].slice(0, MOST)
      .map((account) => ask("accounts", { session, q: account, most: MOST })));
    const rows = found.flatMap((answer) => answer.rows).filter((row) => row.profile && wanted.has(pick(row)));
    this.rows = new Map(rows.map((row) => [row.profile, row]));
    this.profile.replaceChildren(...[...this.rows.keys()].map((name) => el("option", { value: name }, name)));
    this.element.hidden = !rows.length;
  }

  reveal() {
    this.element.scrollIntoView();
    this.profile.focus();
  }

  key() {
    return this.rows.get(this.profile.value).key;
  }

  async makeActive() {
    const row = this.rows.get(this.profile.value);
    if (row.guarded && !(await sure(text("guarded-sure", row), text("make-active")))) {
      return;
    }
    await run(this.active, "use", { key: row.key });
  }

  async once(button, what) {
    const done = await run(button, what, {});
    if (!done.exit) {
      button.disabled = true;
      setText(button, `✓ ${button.textContent}`);
    }
  }
}

class Text {
  constructor(id, suggested) {
    const list = suggested && choices(`${id}-list`, suggested);
    this.input = el("input", { type: "text", id, autocomplete: "off", spellcheck: "false", autocapitalize: "none",
      list: list?.id, "aria-describedby": `${id}-help ${id}-fault` });
    this.fault = el("p", { class: "fault", id: `${id}-fault`, role: "alert" });
    this.input.addEventListener("input", () => this.wrong(""));
    this.element = el("div", { class: "field" }, el("label", { for: id }, text(id)), this.input, list,
      el("p", { class: "quiet", id: `${id}-help` }, text(`${id}-help`)), this.fault);
  }

  get value() {
    return this.input.value.trim();
  }

  wrong(sentence) {
    setText(this.fault, sentence);
    this.input.setAttribute("aria-invalid", String(Boolean(sentence)));
  }
}

const pick = (row) => `${row.account_id}/${row.role}`;

function card(title, ...children) {
  return el("section", { class: "card", "aria-labelledby": title }, el("h2", { id: title }, text(title)), ...children);
}

function button(name, kind, onclick) {
  return el("button", { type: "button", id: name, class: kind, onclick }, text(name));
}

async function busy(button, work) {
  button.setAttribute("aria-busy", "true");
  try {
    return await work;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export const setup = { title: text("setup"), make: () => new Setup() };
