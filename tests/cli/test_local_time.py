"""Times and dates as the user's locale writes them, in menu, answers and page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.stage import ROOT, Stage
from tests.components import require

_SHOWN = """\
from tray.core.text.sentences import clock, day
from tray.page.page_server import static_files
from tray.system.clock.local_time import local_time
at, zone = 1764520920.0, local_time()
print(clock(at, zone), day(at, at - 2 * 86400, zone), day(at, at - 9 * 86400, zone), sep=", ")
print(static_files()["/text.js"].body.decode().splitlines()[1])
"""
AMERICAN, BRITISH = "4:42 PM, Sun 4:42 PM, Nov 30", "16:42, Sun 16:42, 30 Nov"


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of locales, made by the system's own compiler."""
    require("locales")
    place = tmp_path_factory.mktemp("locales")
    for name in ("en_US", "de_DE", "en_IN"):
        command = ["localedef", "-i", name, "-f", "UTF-8", str(place / f"{name}.UTF-8")]
        subprocess.run(command, check=True, capture_output=True)
    return place


@pytest.mark.parametrize(
    ("variables", "shown", "page"),
    [
        ({"LANG": "en_US.UTF-8"}, AMERICAN, '{"twelve": true, "english": "en-US"}'),
        ({"LANG": "en_US.UTF-8", "LC_TIME": "de_DE.UTF-8"}, BRITISH,
         '{"twelve": false, "english": "en-GB"}'),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "en_US.UTF-8"}, AMERICAN,
         '{"twelve": true, "english": "en-US"}'),
        ({"LANG": "en_IN.UTF-8"}, "4:42 PM, Sun 4:42 PM, 30 Nov",
         '{"twelve": true, "english": "en-GB"}'),
        ({"LANG": "C.UTF-8"}, BRITISH, '{"twelve": false, "english": "en-GB"}'),
        ({"LANG": "fr_FR.UTF-8"}, BRITISH, '{"twelve": false, "english": "en-GB"}'),
        ({}, BRITISH, '{"twelve": false, "english": "en-GB"}'),
    ],
)  # fmt: skip
def test_it_is_the_locales_way(
    locales: Path, variables: dict[str, str], shown: str, page: str
) -> None:
    """Hours and the order of day and month; the names stay English; one not installed is none."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TZ": "UTC",
               "LOCPATH": str(locales)}  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-c", _SHOWN], env=environ | variables, check=True, text=True,
        capture_output=True,
    )  # fmt: skip

    assert [shown, f"export const CLOCK = {page};"] == done.stdout.splitlines()


@pytest.mark.parametrize("daemon", ["en_US.UTF-8", "de_DE.UTF-8"])
def test_a_terminal_has_its_own(stage: Stage, locales: Path, daemon: str) -> None:
    """``status`` writes times as the terminal's locale does, whatever the daemon's is."""
    stage.environ["LOCPATH"] = str(locales)
    stage.environ["LC_TIME"] = daemon
    stage.signed_in_by_cli(lean=True)

    with stage.daemon():
        american = stage.tray("status", LC_TIME="en_US.UTF-8").out
        german = stage.tray("status", LC_TIME="de_DE.UTF-8").out

    assert ("M" in american.partition(" until ")[2][:8], "M" in german) == (True, False)
    assert " until " in german
