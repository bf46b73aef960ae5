// The page's one way to its server: every request carries the bearer as a header.

import { text } from "/dom.js";

const BEARER = "sso-tray-bearer";
const GONE = text("gone");

export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

// Exchange the secret in the fragment for a bearer, and take it out of the address at once.
export async function enter() {
  const fragment = new URLSearchParams(location.hash.slice(1).replace(/^([a-z]+)(?=&|$)/, "page=$1"));
  const secret = fragment.get("secret");
  const place = { page: fragment.get("page") || "accounts", find: fragment.get("find") || "" };
  if (secret !== null) {
    history.replaceState(null, "", `/#${place.page}`);
    const { bearer } = await sent("enter", { method: "POST", body: { secret } });
    sessionStorage.setItem(BEARER, bearer);
  }
  return place;
}

export function ask(name, query = {}, signal = undefined) {
  return sent(`${name}?${new URLSearchParams(query)}`, { signal });
}

export function act(name, members) {
  return sent(name, { method: "POST", body: members });
}

async function sent(name, { method = "GET", body, signal } = {}) {
  const answer = await request(name, { method, body, signal });
  if (answer.ok) {
    return whole(answer.json());
  }
  const { error } = await whole(answer.json().catch(notJson));
  throw new Refused(error || text("refused", { status: answer.status }), answer.status);
}

// An answer given up or cut off while it was read is no empty one.
async function whole(reading) {
  try {
    return await reading;
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new Refused(GONE, 0);
  }
}

function notJson(error) {
  if (error instanceof SyntaxError) {
    return {};
  }
  throw error;
}

async function request(name, { method, body, signal }) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(BEARER) || ""}` };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(`/api/${name}`, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new Refused(GONE, 0);
  }
}

// Call `told` with each piece of news until the server is gone; returns why it ended.
export async function follow(told) {
  let waiting = "";
  try {
    const answer = await request("news", { method: "GET" });
    if (!answer.ok) {
      const { error } = await answer.json().catch(() => ({}));
      return error || text("page-refused");
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        break;
      }
      const events = (waiting + value).split("\n\n");
      waiting = events.pop();
      for (const event of events) {
        if (event.startsWith("data: ")) {
          told(JSON.parse(event.slice(6)));
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof TypeError)) {
      throw error;
    }
  }
  return GONE;
}
