// Accounts: type, move with the arrows, Enter opens the console.

import { ago, counted, el, marked, setText, text } from "/dom.js";
import { ask, Refused } from "/link.js";
import { inspector } from "/inspector.js";

const PIECE = 60;

class Accounts {
  constructor() {
    this.rows = [];
    this.found = 0;
    this.at = 0;
    this.words = "";
    this.asking = null;
    this.input = el("input", {
      id: "find", type: "search", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-label": text("find"), "aria-controls": "rows",
      "aria-expanded": "true", "aria-autocomplete": "list", "aria-describedby": "keys",
      placeholder: text("find"),
      oninput: () => this.find(this.input.value),
      onkeydown: (event) => this.key(event),
    });
    this.count = el("p", { class: "count", role: "status" });
    this.list = el("ul", { id: "rows", role: "listbox", "aria-label": text("roles"), tabindex: "-1" });
    this.list.addEventListener("click", (event) => this.clicked(event, false));
    this.list.addEventListener("dblclick", (event) => this.clicked(event, true));
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.empty = el("p", { class: "empty", hidden: true });
    this.inspector = inspector();
    this.problems = el("ul", { class: "problems", hidden: true });
    this.element = el(
      "div", { class: "accounts" },
      el("div", { class: "finder" },
        el("h1", { class: "unseen" }, text("accounts")),
        this.input,
        el("p", { class: "keys", id: "keys" }, text("keys")),
        this.count, this.problems, this.list, this.empty),
      this.inspector.element,
    );
    addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select");
      if (event.key === "/" && !typing && this.element.isConnected) {
        event.preventDefault();
        this.input.focus();
        this.input.select();
      }
    });
  }

  shown(find) {
    if (find) {
      this.input.value = find;
    }
    this.find(this.input.value);
    this.input.focus();
  }

  stands() {}

  changed(names) {
    if (names.includes("accounts") || names.includes("history") || names.includes("settings")) {
      this.load(0, Math.max(PIECE, this.rows.length), true);
    }
  }

  find(words) {
    this.words = words;
    this.load(0, PIECE, false);
  }

  async load(from, most, keep) {
    this.asking?.abort();
    this.asking = new AbortController();
    let answer;
    try {
      const query = { q: this.words, from, most };
      answer = await ask("accounts", query, this.asking.signal);
    } catch (error) {
      if (error.name === "AbortError") {
        return;
      }
      if (error instanceof Refused && error.status === 0) {
        return; // said above the page already
      }
      throw error;
    }
    const before = this.rows[this.at]?.key.join("\n");
    this.rows = from ? [...this.rows, ...answer.rows] : answer.rows;
    this.found = answer.found;
    const again = keep ? this.rows.findIndex((row) => row.key.join("\n") === before) : 0;
    this.at = from ? this.at : Math.max(0, again);
    this.draw(from);
    this.say(answer);
  }

  say(answer) {
    const all = counted(answer.total, "role");
    setText(this.count, this.words.trim() ? `${answer.found.toLocaleString("en")} of ${all}` : all);
    this.empty.hidden = answer.found > 0;
    setText(this.empty, answer.total
      ? text("nothing-fits", { words: this.words.trim() })
      : text("no-accounts"));
    this.problems.hidden = !answer.problems.length;
    this.problems.replaceChildren(...answer.problems.map((one) => el("li", {}, one)));
  }

  draw(from) {
    if (!from) {
      this.list.scrollTop = this.at ? this.list.scrollTop : 0;
    }
    const have = this.list.children;
    this.rows.forEach((row, place) => {
      if (place < from) {
        return;
      }
      const item = have[place] || this.list.appendChild(rowElement(place));
      fill(item, row);
    });
    while (have.length > this.rows.length) {
      have[have.length - 1].remove();
    }
    this.choose(this.at, false);
  }

  choose(place, seen = true) {
    this.list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    this.at = Math.min(Math.max(0, place), Math.max(0, this.rows.length - 1));
    const item = this.list.children[this.at];
    if (item) {
      item.setAttribute("aria-selected", "true");
      this.input.setAttribute("aria-activedescendant", item.id);
      if (seen) {
        item.scrollIntoView({ block: "nearest" });
      }
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
    this.inspector.show(this.rows[this.at] || null);
    if (this.at > this.rows.length - 10) {
      this.more();
    }
  }

  more() {
    if (this.rows.length < this.found && !this.loading) {
      this.loading = true;
      this.load(this.rows.length, PIECE, true).finally(() => {
        this.loading = false;
      });
    }
  }

  scrolled() {
    if (this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 400) {
      this.more();
    }
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / 56) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in moves) {
      event.preventDefault();
      this.choose(this.at + moves[event.key]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.inspector.enter();
    } else if (event.key === "Escape" && this.input.value) {
      event.preventDefault();
      this.input.value = "";
      this.find("");
    }
  }

  clicked(event, twice) {
    const item = event.target.closest("li");
    if (!item) {
      return;
    }
    this.choose(Number(item.dataset.place));
    if (event.target.closest(".star")) {
      this.inspector.star();
    } else if (twice) {
      this.inspector.enter();
    }
  }
}

function rowElement(place) {
  return el(
    "li", { role: "option", id: `row-${place}`, "data-place": place, "aria-selected": "false" },
    el("span", { class: "star", "aria-hidden": "true" }),
    el("span", { class: "name" }, el("span"), el("span", { class: "mark" })),
    el("span", { class: "id" }),
    el("span", { class: "role" }),
    el("span", { class: "profile" }),
    el("span", { class: "used" }),
    el("span", { class: "unseen" }),
  );
}

function fill(item, row) {
  const [star, name, id, role, profile, used, heard] = item.children;
  setText(star, row.favourite ? "★" : "☆");
  star.classList.toggle("on", row.favourite);
  const [called, mark] = name.children;
  setText(called, row.account_name || row.profile || row.account_id || "");
  marked(mark, row);
  setText(id, row.account_id && row.account_id !== called.textContent ? row.account_id : "");
  setText(role, row.role || text("no-role"));
  setText(profile, row.profile || "");
  setText(used, row.active ? "active" : row.last_used ? ago(row.last_used) : "");
  item.classList.toggle("active", row.active);
  item.classList.toggle("guarded", row.guarded);
  setText(heard, [row.favourite && "favourite", row.guarded && "guarded"].filter(Boolean).join(", "));
}

export const accounts = { title: text("accounts"), make: () => new Accounts() };
