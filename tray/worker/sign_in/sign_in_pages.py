"""The pages a browser shows at the end of a sign-in; they load nothing."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote

from tray.core.text.display_names import clean
from tray.loopback.http_messages import Response

_STYLE: Final = """
:root { color-scheme: light dark; --page: #eef2f7; --glow: #dfe9f6; --card: #ffffff;
  --line: #dbe2eb; --ink: #17202b; --soft: #556273; --code: #f1f4f8;
  --good: #13795b; --calm: #4b5d73; --bad: #b3441e; }
@media (prefers-color-scheme: dark) { :root { --page: #0e131a; --glow: #172334; --card: #171e28;
  --line: #2a3543; --ink: #e9eef5; --soft: #a3b1c2; --code: #212b38;
  --good: #4fcb9c; --calm: #9fb2c8; --bad: #f2936b; } }
* { box-sizing: border-box; }
html { height: 100%; }
body { margin: 0; min-height: 100%; padding: 2rem 1.25rem; display: flex; flex-direction: column;
  align-items: center; justify-content: center; gap: 1.25rem; color: var(--ink);
  background: radial-gradient(60rem 36rem at 50% 30%, var(--glow), transparent) var(--page);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Cantarell, "DejaVu Sans", sans-serif; }
main { width: 100%; max-width: 27.5rem; padding: 2.75rem 2.5rem 2.25rem; text-align: center;
  background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem;
  box-shadow: 0 1px 2px #0000000d, 0 1.25rem 3.5rem -1.5rem #0b1a3340; }
.mark { display: block; width: 4.75rem; height: 4.75rem; margin: 0 auto 1.5rem;
  fill: none; stroke: currentColor; stroke-width: 3; stroke-linecap: round;
  stroke-linejoin: round; }
.good { color: var(--good); } .calm { color: var(--calm); } .bad { color: var(--bad); }
.track { opacity: .18; } .dot { stroke-width: 4.5; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650;
  letter-spacing: -.01em; text-wrap: balance; }
p { margin: 0; text-wrap: pretty; overflow-wrap: anywhere; }
p + p { margin-top: .75rem; }
.name { font-weight: 600; }
.next { margin-top: 1.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .9375rem; }
code { padding: .15em .45em; border-radius: .4em; background: var(--code); color: var(--ink);
  font: .875em/1.4 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
footer { max-width: 27.5rem; color: var(--soft); font-size: .8125rem; text-align: center; }
@media (max-width: 30rem) { main { padding: 2rem 1.5rem 1.75rem; } }
@media (prefers-reduced-motion: no-preference) {
  .drawn { stroke-dasharray: 180; animation: draw .7s ease-out both; }
  .last { animation-delay: .25s; }
  @keyframes draw { from { stroke-dashoffset: 180; } to { stroke-dashoffset: 0; } } }
"""

_TRACK: Final = '<circle class="track" cx="38" cy="38" r="28"/>'
_GOOD: Final = (
    f'{_TRACK}<circle class="drawn" cx="38" cy="38" r="28" transform="rotate(-90 38 38)"/>'
    '<path class="drawn last" d="M26 39l8.5 8.5L50.5 30"/>'
)
_DENIED: Final = f'<circle cx="38" cy="38" r="28"/><path d="M27 38h22"/>{_TRACK}'
_FAILED: Final = (
    '<circle cx="38" cy="38" r="28"/><path d="M38 24v17"/><path class="dot" d="M38 51v.1"/>'
)
_WAITING: Final = (
    f'{_TRACK}<path class="drawn" d="M38 10a28 28 0 0 1 28 28"/>'
    '<path class="dot" d="M27 38v.1M38 38v.1M49 38v.1"/>'
)

_ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#2f7fd6"'
    ' stroke-width="4" stroke-linecap="round" stroke-linejoin="round"><circle cx="16" cy="16"'
    ' r="12"/><path d="M11 16.5l3.5 3.5 6.5-7.5"/></svg>'
)

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)
"""Sent with every page: nothing is loaded, framed or shared."""


def success(
    key: str, *, renews: bool, watched: bool = True, sentence: str | None = None
) -> Response:
    """`watched`: a daemon runs, to renew the session and warn of its end."""
    close = f"You can close this tab.{' The session renews automatically.' if renews else ''}"
    after = "Terminals, editors and SDKs can use this session now. " + (
        "SSO Tray will warn you before it ends."
        if watched
        else "To have SSO Tray renew it and warn you before it ends, run: sso-tray start"
    )
    body = [f"{_name(key)} is ready to use on this computer. {close}"]
    notes = [escape(sentence), after] if sentence else [after]
    return _page(200, "You're signed in", ("good", _GOOD), body, notes)


def failed(key: str, sentence: str, *, afresh: bool = False, unchanged: bool = True) -> Response:
    """``afresh``: the earlier session was ended first; ``unchanged``: nothing else has changed."""
    body = [escape(sentence)]
    if afresh:
        body.append("The previous session is already signed out, so sign in again.")
    elif unchanged:
        body.append("Existing sessions still work.")
    command = escape(f"sso-tray login {shlex.quote(clean(key))}")
    again = f"To try again, choose <b>Sign in</b> in the tray menu or run <code>{command}</code>."
    return _page(200, "Sign-in failed", ("bad", _FAILED), body, [again])


def still_waiting(
    key: str, sentence: str, *, denied: bool = False, afresh: bool = False
) -> Response:  # fmt: skip
    """Return the page for an answer that does not complete the sign-in, which still waits."""
    title = "Access denied" if denied else "Sign-in not complete"
    waits = f"the sign-in to {_name(key)} is still waiting."
    body = [escape(sentence), f"T{waits[1:]}" if afresh else f"Nothing has changed, and {waits}"]
    after = [
        "To try again, open the sign-in page again. To stop, choose <b>Cancel</b> in the tray "
        "menu or press Ctrl-C in the terminal."
    ]
    return _page(400, title, ("calm", _DENIED), body, after)


def unfinished(key: str) -> Response:
    body = [f"AWS approved the sign-in to {_name(key)}. SSO Tray is still finishing it."]
    after = ["You can close this tab. The tray menu and the terminal show the result."]
    return _page(202, "Almost there", ("calm", _WAITING), body, after)


def refused(status: int) -> Response:
    """Return the answer to what is not the callback; it names nothing."""
    body = ["A sign-in is waiting at this address, but this request isn't part of it."]
    after = [
        "Nothing has changed. Continue in the tab where you're signing in, or start again from "
        "the tray menu."
    ]
    return _page(status, "Nothing to see here", ("calm", _DENIED), body, after)


def _name(key: str) -> str:
    return f'<span class="name">{escape(clean(key))}</span>'


def _page(
    status: int, title: str, mark: tuple[str, str], body: Iterable[str], after: Iterable[str]
) -> Response:
    colour, drawing = mark
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title} · SSO Tray</title>\n<link rel="icon" href="{_ICON}">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<svg class="mark {colour}" viewBox="0 0 76 76" aria-hidden="true">{drawing}</svg>\n'
        f"<h1>{title}</h1>\n{_paragraphs(body)}"
        f'<div class="next">\n{_paragraphs(after)}</div>\n</main>\n'
        "<footer>SSO Tray · this page comes from your own computer</footer>\n</body>\n</html>\n"
    )
    return Response(status, text.encode(), headers=HEADERS)


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{text}</p>\n" for text in texts)
