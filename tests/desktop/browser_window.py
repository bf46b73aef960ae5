"""A real Chromium with its window on a test's desktop, for a person to look at and click in."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.components import require
from tests.desk import Colour, Desk, colour_box, until

APPROVE: Colour = (11, 99, 206)
"""Of the button that allows access, and of a mark above it, on the embedded AWS's pages."""

_FLAGS = (
    "--no-sandbox",  # root, as in CI, has no other choice
    "--test-type",  # which says nothing of that on each page
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--password-store=basic",
    "--force-color-profile=srgb",
    "--force-device-scale-factor=1",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--window-size=900,700",
    "--window-position=40,60",
)


def command(profile: Path) -> str:
    """Return what ``BROWSER`` has to be so that pages open in it."""
    return shlex.join([str(require("chromium")), *_FLAGS, f"--user-data-dir={profile}", "%s"])


def click_allow(on: Desk) -> None:
    """Wait for the page that asks, and click on its button."""

    def button() -> tuple[int, int, int, int] | None:
        return colour_box(on.look(), APPROVE)

    until(button, "the page that asks")
    on.await_rest()
    *_, right, bottom = until(button, "the button that allows")
    on.click(right - 30, bottom - 15)


def await_page(on: Desk, title: str) -> None:
    """Wait until a page with this title is shown and drawn."""
    until(lambda: on.window(title), f"the page {title!r}")
    on.await_rest()


def close(on: Desk, title: str) -> None:
    """Close the only tab, with which the browser's window goes."""
    on.key("ctrl+w")
    until(lambda: not on.window(title), "the browser's window to go")
