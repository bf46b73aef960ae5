"""The page's history, and that nothing on any of its views shuts people out."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.components import ROOT, require
from tests.page.conftest import Page
from tray.core.text.page.page_words import WORDS
from tray.core.text.timestamps import format_timestamp

VIEWS = ("accounts", "sessions", "history", "settings", "setup", "help")


def write_history(page: Page) -> None:
    """Write two days of a person's history into the file."""
    now = time.time()
    given = 'dev ("123456789011/FullAccess"), to terraform (4711)'
    lines = [
        (now - 30 * 3600, "signed-in", ""),
        (now - 29 * 3600, "renewed", ""),
        (now - 20 * 3600, "refused", "invalid_grant"),
        (now - 3 * 3600, "signed-in", ""),
        (now - 2 * 3600, "credentials", given),
        (now - 3600, "credentials", given),
    ]
    documents = [
        {"at": format_timestamp(at), "what": what, "session": "corp", "detail": detail}
        for at, what, detail in lines
    ]
    text = "".join(json.dumps(one) + "\n" for one in documents)
    (page.stage.state / "history.jsonl").write_text(text)


def test_the_history_is_drawn_and_told_in_words(page: Page) -> None:
    """A day has its spans, failure and uses; a week has the sign-in before; words are below."""
    write_history(page)
    page.go("history")
    page.shows("terraform (4711) used dev", ".events")
    page.tab.until("document.querySelectorAll('.drawing .span').length === 2")
    drawn = page.tab.read(
        "[...document.querySelectorAll('.drawing title')].map(t => t.textContent)"
    )
    words = page.tab.text()
    page.tab.press("[data-span=week]")
    page.shows("corp: renewed", ".events")

    assert any("AWS refused to renew: invalid_grant" in one for one in drawn)
    assert 2 == sum("terraform · dev: 1 time" in one for one in drawn)
    assert "AWS refused to renew" in words
    assert "corp: renewed" not in words


def test_a_year_is_drawn_from_numbers_that_outlive_the_lines(page: Page) -> None:
    """Days long gone from the history and those still in it, by session; said in words as well."""
    write_history(page)
    then = format_timestamp(time.time() - 200 * 86400)[:10]
    totals = {"version": 1, "days": {then: {"corp": [1, 24, 0, 7]}}}
    (page.stage.state / "history-days.json").write_text(json.dumps(totals))
    page.go("history")
    page.tab.press("[data-span=year]")
    page.shows("corp: 1 sign-in, 24 renewals and 7 uses", ".events")
    drawn = page.tab.read(
        "[...document.querySelectorAll('.drawing title')].map(t => t.textContent)"
    )
    page.tab.picture("page-year")

    assert any(one.startswith("corp · used: 7 times") for one in drawn)
    assert any(one.startswith("corp · failed: 1 time") for one in drawn)


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(page: Page, dark: bool) -> None:
    """No view, light or dark, wide or narrow, has what axe calls serious or critical."""
    axe = require("axe").read_text(encoding="utf-8")
    write_history(page)
    page.tab.dark(dark)
    page.tab.read(f"{axe};0")
    found = {}

    for name in VIEWS:
        page.go(name)
        page.tab.until(
            "document.querySelector('main :is(#rows li, .card, .events li, .chosen, .help pre)')"
        )
        for width in (1280, 360):
            page.tab.size(width, 800)
            page.tab.read("document.getAnimations().forEach(one => one.finish())")
            page.tab.picture(f"page-{name}-{width}{'-dark' if dark else ''}")
            found[name, width] = page.tab.read(
                "axe.run(document).then(done => done.violations"
                ".filter(one => ['serious', 'critical'].includes(one.impact))"
                ".map(one => [one.id, one.nodes.map(node => node.html)]))"
            )
            over = "[document.documentElement, document.querySelector('main')].map(one => "
            over += "one.scrollWidth - one.clientWidth)"
            assert [0, 0] == page.tab.read(over), (name, width)

    assert {} == {place: one for place, one in found.items() if one}


def test_the_page_weighs_little() -> None:
    """All of its files together have at most 100 kB, and none names another server."""
    from tray.page.page_server import static_files

    files = {name: answer.body for name, answer in static_files().items()}

    assert sum(map(len, files.values())) <= 100_000
    named = {found for body in files.values() for found in re.findall(rb"https?://[\w.]+", body)}
    # The namespace of SVG, and an example of a portal.
    assert named <= {b"http://www.w3.org", b"https://acme.awsapps.com"}


def test_what_the_page_says_has_one_home() -> None:
    """Each name that a script asks a word by is there, and each that is there is used."""
    scripts = "".join(one.read_text() for one in (ROOT / "tray/page/static").glob("*.js"))
    asked = set(re.findall(r'\b(?:text|card|button|Text)\("([a-z-]+)"', scripts))
    used = {name for name in WORDS if f'"{name.removesuffix("-help")}"' in scripts}

    assert asked <= WORDS.keys()
    assert WORDS.keys() == used
