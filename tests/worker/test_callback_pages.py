from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from tray.loopback.http_messages import Response
from tray.worker.sign_in import sign_in_pages

NASTY = '<img src=x onerror="alert(1)">'

ALL = {
    "success": sign_in_pages.success("corp", renews=True),
    "success, nobody watches": sign_in_pages.success("corp", renews=False, watched=False),
    "success, unrenewable": sign_in_pages.success(
        "corp", renews=False, sentence="It ends in 60 min."
    ),
    "failed": sign_in_pages.failed("corp", "AWS cannot be reached."),
    "failed afresh": sign_in_pages.failed("corp", "AWS cannot be reached.", afresh=True),
    "denied": sign_in_pages.still_waiting("corp", "Access was denied.", denied=True),
    "code refused": sign_in_pages.still_waiting("corp", "AWS did not accept it."),
    "code refused afresh": sign_in_pages.still_waiting("corp", "It failed.", afresh=True),
    "unfinished": sign_in_pages.unfinished("corp"),
    "refused": sign_in_pages.refused(404),
}


class _Outline(HTMLParser):
    """Collects elements and attributes; complains of nothing a browser would bear."""

    def __init__(self, page: Response) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_a_page_is_self_contained(page: Response) -> None:
    """It runs no script and loads nothing: no script, link, form or address of any host."""
    outline = _Outline(page)

    assert not {"script", "img", "iframe", "form", "a", "base", "object"} & set(outline.tags)
    for name, value in outline.attributes:
        assert not name.startswith("on")
        assert name != "style"
        assert name not in ("href", "src") or value.startswith("data:")
    assert b"url(" not in page.body
    assert b"@import" not in page.body


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_the_policy_allows_exactly_its_style(page: Response) -> None:
    """The one style sheet is the one whose hash the policy names, so the page is not bare."""
    style = re.search(rb"<style>(.*?)</style>", page.body, re.DOTALL)
    policy = dict(sign_in_pages.HEADERS)["Content-Security-Policy"]

    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_a_page_can_be_heard_and_read_anywhere(page: Response) -> None:
    """A language, a title, one heading, one main part, hidden ornaments, both colour schemes."""
    outline = _Outline(page)

    assert ("lang", "en") in outline.attributes
    assert ("aria-hidden", "true") in outline.attributes
    assert [1, 1, 1] == [outline.tags.count(tag) for tag in ("title", "h1", "main")]
    for part in (b"prefers-color-scheme: dark", b"prefers-reduced-motion", b"width=device-width"):
        assert part in page.body


def test_names_and_sentences_are_escaped() -> None:
    """A name from the config is text on a page, never markup, and control characters show."""
    shown = [
        sign_in_pages.success(NASTY, renews=True, sentence=NASTY),
        sign_in_pages.still_waiting(NASTY, NASTY),
        sign_in_pages.failed(NASTY, NASTY),
        sign_in_pages.unfinished(NASTY),
        sign_in_pages.still_waiting("a\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}b", ""),
    ]

    for page in shown:
        assert b"<img" not in page.body
        assert b"\x1b" not in page.body
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.body.decode()


def test_each_end_says_what_next() -> None:
    """Success may be closed and renews itself; the others say how to try again."""
    success, failed, denied, afresh = (
        page.body.decode()
        for page in (
            ALL["success"],
            sign_in_pages.failed("my session", ""),
            ALL["denied"],
            ALL["code refused afresh"],
        )
    )

    assert "close this tab. The session renews automatically" in success
    assert "sso-tray login &#x27;my session&#x27;" in failed
    assert "Existing sessions still work" in failed
    assert "still work" not in ALL["failed afresh"].body.decode()
    assert "Nothing has changed, and the sign-in to" in denied
    assert "Nothing has changed" not in afresh
    assert "Ctrl-C" in denied
