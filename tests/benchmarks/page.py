"""The accounts page in a real Chromium: first paint, and what a keystroke costs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.accounts import listed
from tests.benchmarks.table import ROUNDS, Figure, median
from tests.cli.stage import Stage
from tests.clients.chromium import Tab, chromium
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.account_records import change_index, record_use

FRAME = 1000 / 60
THROTTLE = 4.0
LONG_TASK = 50.0
WORDS = "data admin 0042"

# The page's own server, with a page more that has one word and nothing else.
_SERVER = """
from tray.loopback.http_messages import Response
from tray.page import page_server
files = page_server.static_files
html = b"<!doctype html><title>Empty</title><p>Empty"
empty = Response(200, html, "text/html; charset=utf-8", page_server._SAFE)
page_server.static_files = lambda: {**files(), "/empty.html": empty}
from tray.page.__main__ import main
main(["accounts"])
"""
_PAINTED = """new Promise((found) => {
    const seen = (list) => {
        const one = list.find(({name}) => name === "first-contentful-paint");
        if (one) found(one.startTime);
    };
    seen(performance.getEntriesByType("paint"));
    new PerformanceObserver((list) => seen(list.getEntries())).observe({type: "paint"});
})"""
# From the event of a letter to the frame that shows what it finds.
_WATCHED = """
window.typed = [];
document.querySelector("#find").addEventListener("input", () => {
    const start = performance.now();
    const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(() => {
            window.typed.push(performance.now() - start);
            window.waiting?.();
        });
    });
    observer.observe(document.querySelector(".finder"), {
        subtree: true, childList: true, characterData: true, attributes: true });
}, true);
0
"""
_SHOWN = "window.typed.length >= {count} || new Promise((go) => {{ window.waiting = go; }})"


def measure() -> list[Figure]:
    """Open it and an empty page in turns, then type into it."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        change_index(stage.state, "corp", lambda _: listed())
        record_use(stage.state, time.time())
        with stage.daemon(), _served(stage) as link, chromium(Path(folder, "browser")) as tab:
            tab.size(1280, 900)
            tab.open(link)
            tab.until("document.querySelectorAll('#rows li').length > 20")
            return [_paint(tab, link), *_keystrokes(tab, link)]


@contextmanager
def _served(stage: Stage) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER], env=stage.environ, cwd=stage.home, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def _paint(tab: Tab, link: str) -> Figure:
    origin = link.partition("/#")[0]
    spent: dict[str, list[float]] = {f"{origin}/": [], f"{origin}/empty.html": []}
    for _ in range(ROUNDS):
        for url, times in spent.items():
            tab.open("about:blank")
            tab.open(url)
            times.append(float(tab.read(_PAINTED)))
    ours, empty = map(median, spent.values())
    return Figure("page, first paint", ours, "ms", "an empty page", empty, 2.0)


def _keystrokes(tab: Tab, link: str) -> list[Figure]:
    """
    Type: how soon is it shown, and what would its tasks take on a slower processor.

    The least time of many, and CPU time: what else the machine does is in all others.
    """
    tab.open("about:blank")
    tab.open(f"{link.partition('/#')[0]}/")
    tab.until("document.querySelectorAll('#rows li').length > 20")
    tab.read(_WATCHED)
    spent = [tab.busy()]
    for count, letter in enumerate(WORDS * 2, start=1):
        tab.type(letter)
        tab.read(_SHOWN.format(count=count))
        spent.append(tab.busy())
    shown = min(map(float, tab.read("window.typed")))
    tasks = median([after - before for before, after in pairwise(spent)])
    return [
        Figure("page, a keystroke to its results", shown, "ms", "one frame", FRAME, 1.0),
        Figure(
            f"page, CPU of a keystroke, {THROTTLE:g} times", THROTTLE * tasks, "ms",
            "a long task", LONG_TASK, 1.0,
        ),
    ]  # fmt: skip
