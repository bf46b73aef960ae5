// Changes: each is a job of the server, whose end comes as news.

import { el, tell, text } from "/dom.js";
import { act } from "/link.js";

const waiting = new Map();
const early = new Map();

// Do something; returns {exit, said, printed} once it has ended.
export async function job(what, members) {
  const { id } = await act("do", { what, ...members });
  if (early.has(id)) {
    const done = early.get(id);
    early.delete(id);
    return done;
  }
  return new Promise((ended) => waiting.set(id, ended));
}

export function jobEnded(done) {
  const ended = waiting.get(done.id);
  if (ended) {
    waiting.delete(done.id);
    ended(done);
  } else {
    early.set(done.id, done);
  }
}

// Do something and say how it ended; the button says that it is at work.
export async function run(button, what, members) {
  button?.setAttribute("aria-busy", "true");
  try {
    const done = await job(what, members);
    tell(done.said, done.exit !== 0);
    return done;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

// Ask for a short text, an MFA code; null if the person gives none.
export function asked(question) {
  return new Promise((given) => {
    const input = el("input", { type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 7, "aria-label": question });
    const no = el("button", { type: "button", onclick: () => dialog.close() }, text("cancel"));
    const yes = el("button", { type: "submit", value: "yes", class: "first" }, text("continue"));
    const dialog = el("dialog", { "aria-label": question },
      el("form", { method: "dialog" }, el("p", {}, question), input, el("div", { class: "row" }, no, yes)));
    dialog.addEventListener("close", () => {
      given(dialog.returnValue === "yes" ? input.value : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Ask first; true if the person agrees.
export function sure(question, answer) {
  return new Promise((decided) => {
    const no = el("button", { type: "submit", value: "no" }, text("cancel"));
    const yes = el("button", { type: "submit", value: "yes", class: "bad" }, answer);
    const dialog = el("dialog", { "aria-label": question },
      el("form", { method: "dialog" }, el("p", {}, question), el("div", { class: "row" }, no, yes)));
    dialog.addEventListener("close", () => {
      decided(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

// A preview without the last line, which says that it was one.
export function changeOf(printed) {
  return printed.replace(/^.*No changes made.*$/m, "").trim();
}
