"""``guide``: pages in the terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.stage import Stage
from tray.cli.guide_command import GUIDE, title

TOPICS = sorted(path.stem for path in GUIDE.glob("*.md"))


def test_without_a_topic_the_topics_are_listed(stage: Stage) -> None:
    """One line for each: its name and its title."""
    done = stage.tray("guide")

    lines = done.out.splitlines()
    assert (0, TOPICS) == (done.code, [line.split()[0] for line in lines])
    assert all(line.endswith(title(GUIDE / f"{line.split()[0]}.md")) for line in lines)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_piped_page_is_plain(stage: Stage, topic: str) -> None:
    """The page as it is written, with no pager in between."""
    done = stage.tray("guide", topic)

    assert (0, (GUIDE / f"{topic}.md").read_text(encoding="utf-8")) == (done.code, done.out)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("secrity", "security"), ("clock", "clocks"), ("SSH", "ssh-and-containers")],
)
def test_a_mistyped_topic_gets_the_nearest(stage: Stage, typed: str, meant: str) -> None:
    """Exit code 2, and the topic that was most likely meant."""
    done = stage.tray("guide", typed)

    assert 2 == done.code
    assert f'Did you mean "{meant}"?' in done.err


def test_at_a_terminal_the_pager_shows_it(tmp_path: Path) -> None:
    """$PAGER gets the whole page on its standard input."""
    shown = tmp_path / "shown"
    environment = {**os.environ, "PAGER": f"dd status=none of={shown}", "TERM": "xterm"}
    ours, terminal = pty.openpty()

    done = subprocess.run(
        [sys.executable, "-m", "tray", "guide", "clocks"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
        check=False,
    )
    os.close(terminal)
    os.close(ours)

    page = (GUIDE / "clocks.md").read_text(encoding="utf-8")
    assert (0, page) == (done.returncode, shown.read_text(encoding="utf-8"))
