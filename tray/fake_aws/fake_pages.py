"""The pages' texts: self-contained HTML that loads nothing and runs no script."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

_STYLE = """
:root { color-scheme: light dark; --ink: #16191f; --soft: #5f6b7a; --page: #eef1f5;
  --card: #ffffff; --line: #d5dbe3; --accent: #0b63ce; --accent-ink: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f5; --soft: #a4b0be;
  --page: #10151c; --card: #1b222c; --line: #333e4c; --accent: #539fe5; --accent-ink: #0b1520; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  justify-content: center; gap: 1rem; padding: 1.5rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { width: 100%; max-width: 27rem; padding: 1.75rem 2rem 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: 0 8px 28px #0000001a; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
p { margin: 0 0 1rem; }
main > p:last-child { margin: 0; }
.brand, footer { color: var(--soft); font-size: .875rem; }
.brand { display: flex; align-items: center; gap: .6rem; margin-bottom: 1rem; }
.brand svg { width: 1.75rem; height: 1.75rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1rem; margin: 0 0 1rem;
  padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 8px; font-size: .9375rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin-bottom: .3rem; color: var(--soft); font-size: .875rem; }
input { width: 100%; padding: .6rem .75rem; margin-bottom: 1.25rem; font: inherit;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; }
.code { margin: 0 0 1rem; padding: .75rem; text-align: center; border-radius: 8px;
  border: 1px dashed var(--line); font: 600 1.75rem/1.2 ui-monospace, "DejaVu Sans Mono",
  monospace; letter-spacing: .12em; }
.buttons { display: flex; flex-direction: row-reverse; gap: .75rem; }
button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: 8px;
  border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent);
  color: var(--accent-ink); }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
"""

# A keyhole: it is on the pages of every outcome, so it must not say which.
_MARK = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11" '
    'fill="#0b63ce"/><circle cx="12" cy="9.5" r="3" fill="#fff"/>'
    '<path d="M11 11h2l1.6 6.5H9.4z" fill="#fff" stroke="#fff" stroke-linejoin="round"/></svg>'
)


def authorize(
    *, ticket: str, client_name: str, start_url: str, scopes: tuple[str, ...], user: str
) -> str:
    body = (
        f"<h1>Allow {escape(client_name)} to access your data?</h1>"
        "<p>It will be able to list your AWS accounts and get credentials for your roles.</p>"
        f"{_facts(client_name, start_url, scopes)}"
        f"{_decision('/authorize', 'ticket', ticket, user)}"
    )
    return _page("Allow access", body)


def device(
    *, user_code: str, client_name: str, start_url: str, scopes: tuple[str, ...], user: str
) -> str:
    body = (
        "<h1>Is this the code your device shows?</h1>"
        "<p>Continue only if you started this sign-in yourself and the codes are the same.</p>"
        f'<p class="code" id="user-code">{escape(user_code)}</p>'
        f"{_facts(client_name, start_url, scopes)}"
        f"{_decision('/device', 'user_code', user_code, user)}"
    )
    return _page("Compare the code", body)


def device_code() -> str:
    body = (
        "<h1>Enter the code your device shows</h1>"
        '<form method="get" action="/device"><label for="user_code">Code</label>'
        '<input id="user_code" name="user_code" placeholder="ABCD-EFGH" autocomplete="off" '
        'autofocus required><div class="buttons"><button class="main" id="next">Next</button>'
        "</div></form>"
    )
    return _page("Enter the code", body)


def approved() -> str:
    return _page(
        "Request approved",
        '<h1 id="approved">Request approved</h1><p>You can close this window and go back to '
        "your device.</p>",
    )


def denied() -> str:
    return _page(
        "Request denied",
        '<h1 id="denied">Request denied</h1><p>Nothing was given away. You can close this '
        "window.</p>",
    )


def trouble(sentence: str) -> str:
    return _page(
        "Something is wrong", f'<h1 id="trouble">Something is wrong</h1><p>{escape(sentence)}</p>'
    )


def _facts(client_name: str, start_url: str, scopes: tuple[str, ...]) -> str:
    host = urlsplit(start_url).hostname or start_url
    return (
        f'<dl><dt>Application</dt><dd id="client-name">{escape(client_name)}</dd>'
        f'<dt>Portal</dt><dd id="start-host">{escape(host)}</dd>'
        f'<dt>Access</dt><dd id="scopes">{escape(", ".join(scopes) or "none named")}</dd></dl>'
    )


def _decision(action: str, hidden: str, value: str, user: str) -> str:
    # Approve comes first in the text and is on the right: Enter presses the first button.
    return (
        f'<form method="post" action="{action}">'
        f'<input type="hidden" name="{hidden}" value="{escape(value)}">'
        '<label for="user">Sign in as</label>'
        f'<input id="user" name="user" value="{escape(user)}" autocomplete="off" required>'
        '<div class="buttons">'
        '<button id="approve" class="main" name="decision" value="approve">Allow access</button>'
        '<button id="deny" name="decision" value="deny">Deny access</button>'
        "</div></form>"
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{_STYLE}</style>'
        f'</head><body><main><div class="brand">{_MARK}<span>Identity Center (embedded)</span>'
        f"</div>{body}</main><footer>A stand-in on this machine: no AWS account is involved."
        "</footer></body></html>"
    )
