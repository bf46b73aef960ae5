"""A person signs in with a real browser: reads the pages, denies, approves, compares the code."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.stage import PATIENCE, Done, Stage
from tests.clients.chromium import Tab, chromium
from tests.clients.desk import LEAN_MEMBERS
from tests.keyring_session import keyring_session
from tray.fake_aws.identity_center import IdentityCenter

_BROWSER = """\
import os, sys
pipe = os.open(sys.argv[1], os.O_WRONLY)
os.write(pipe, sys.argv[2].encode())
"""
"""Hands the page's address to the running Chromium, as a second ``chromium URL`` does."""


@dataclass
class Person:
    """
    Somebody at a terminal, with a browser beside it.

    Args:
        stage: their machine; it has a keyring.
        tab: their browser.
        opened: descriptor of a pipe from which the pages come that the browser is told to open.
    """

    stage: Stage
    tab: Tab
    opened: int

    @contextmanager
    def login(self, *options: str, cancelled: bool = False) -> Iterator[list[Done]]:
        """
        Type ``sso-tray login`` and be on the page it opens; yields what it ended with.

        With `cancelled` Ctrl-C is pressed at the end of the block.

        The list is filled when the block ends: with what the command printed, and its exit code.
        """
        done: list[Done] = []
        with self.stage.start("login", "corp", *options) as process:
            try:
                ready, _, _ = select.select([self.opened], [], [], PATIENCE)
                assert ready, "no page was opened"
                self.tab.open(os.read(self.opened, 65536).decode())
                yield done
                if cancelled:
                    process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=PATIENCE)
            finally:
                if process.poll() is None:
                    process.kill()
        done.append(Done(process.returncode, out, err))


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A person to whom the Identity Center shows its pages: nothing is approved by itself."""
    home = tmp_path / "home"
    home.mkdir()
    fifo, script = tmp_path / "opened", tmp_path / "browser.py"
    os.mkfifo(fifo)
    script.write_text(_BROWSER)
    opened = os.open(fifo, os.O_RDWR)
    try:
        with (
            IdentityCenter() as center,
            keyring_session("unlocked") as desktop,
            chromium(tmp_path / "chromium") as tab,
        ):
            stage = Stage(home, center)
            stage.environ["DBUS_SESSION_BUS_ADDRESS"] = desktop.address
            stage.environ["BROWSER"] = f"{sys.executable} {script} {fifo} %s"
            yield Person(stage, tab, opened)
    finally:
        os.close(opened)


def assert_self_contained(tab: Tab) -> None:
    """Fail where the page has loaded anything beside itself."""
    assert [] == tab.read("performance.getEntriesByType('resource').map(one => one.name)")


def test_denying_is_said_and_ctrl_c_ends_the_login(person: Person) -> None:
    """Deny: page and terminal say so, Ctrl-C ends it with the same sentence and exit 1."""
    with person.login(cancelled=True) as ended:
        person.tab.picture("authorize")
        person.tab.click("#deny")
        page = person.tab.text()
        person.tab.picture("denied")

    (done,) = ended
    denied = 'sso-tray: Access to "corp" was denied in the browser.'
    assert (1, [f"{denied} The sign-in is still waiting; press Ctrl-C to cancel it.", denied]) == (
        done.code,
        done.err.splitlines(),
    )
    assert "Access denied" in page
    assert "is still waiting" in page
    assert_self_contained(person.tab)
    assert not person.stage.file_of("corp").exists()
    assert "signed-out" == person.stage.status()["state"]


def test_approving_signs_in(person: Person) -> None:
    """Allow: exit 0, a full file where no daemon runs, and our last page says what next."""
    with person.login() as ended:
        person.tab.click("#approve")
        page = person.tab.text()
        person.tab.picture("signed-in")
        person.tab.dark(wanted=True)
        person.tab.picture("signed-in-dark")

    (done,) = ended
    assert (0, "") == (done.code, done.err)
    assert "You're signed in · SSO Tray" == person.tab.read("document.title")
    assert "corp is ready to use on this computer." in page
    assert "renew it and warn you before it ends, run: sso-tray start" in page
    assert_self_contained(person.tab)
    assert LEAN_MEMBERS < json.loads(person.stage.file_of("corp").read_text()).keys()
    assert ("signed-in", "file") == (
        person.stage.status()["state"],
        person.stage.status()["keeper"],
    )


def test_after_a_denial_one_can_sign_in(person: Person) -> None:
    """A denial leaves nothing behind that would hinder the next sign-in."""
    with person.login(cancelled=True) as denied:
        person.tab.click("#deny")
    with person.login() as approved:
        person.tab.click("#approve")

    assert [1, 0] == [done.code for done in (*denied, *approved)]
    assert "signed-in" == person.stage.status()["state"]


@pytest.mark.parametrize(
    ("button", "code", "heading"),
    [("#approve", 0, "Request approved"), ("#deny", 1, "Request denied")],
)
def test_a_code_is_compared_and_decided(
    person: Person, button: str, code: int, heading: str
) -> None:
    """The page shows the code that the terminal shows, and the decision there is the login's."""
    with person.login("--device-code") as ended:
        shown = person.tab.read("document.querySelector('#user-code').innerText")
        person.tab.picture(f"device-{button.removeprefix('#')}-asked")
        person.tab.click(button)
        page = person.tab.text()
        person.tab.picture(f"device-{button.removeprefix('#')}")

    (done,) = ended
    assert code == done.code, done.err
    assert re.findall(r"Code: (\S+)", done.out) == [shown]
    assert heading in page
    assert code == len(done.err.splitlines())
    assert person.stage.file_of("corp").exists() is (code == 0)
