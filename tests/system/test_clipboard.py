from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import components
from tests.desk import Desk, desk, until
from tray.errors import OurBug
from tray.system.clipboard import copy

LINK = "https://oidc.us-east-1.amazonaws.com/authorize?state=1&code_challenge=a%2Fb"
NAMES = "export AWS_PROFILE='my team'\nexport AWS_REGION=eu-west-1\n"

_FAKE = """#!{python}
import sys
words = sys.stdin.buffer.read()
open({log!r}, "ab").write(repr(sys.argv[1:]).encode() + words)
sys.exit({code})
"""


class Machine:
    """
    A place with nothing on its PATH but what a test puts there.

    Args:
        directory: its own.
    """

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.log = directory / "log"
        self.environ = {"PATH": str(self.bin), "HOME": str(directory)}

    def install(self, name: str, code: int = 0) -> None:
        """Put a program there that records what it was given."""
        program = self.bin / name
        log = str(self.log)
        program.write_text(_FAKE.format(python=sys.executable, log=log, code=code))
        program.chmod(0o755)

    def given(self) -> bytes:
        """Return arguments and input of all programs that were called."""
        return self.log.read_bytes() if self.log.exists() else b""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine of one's own."""
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def screen() -> Iterator[Desk]:
    """A real X display."""
    with desk(panel=False) as on:
        yield on


@pytest.mark.parametrize(
    "text", [LINK, NAMES, "http://127.0.0.1:40000/", "$env:AWS_PROFILE='a'", "sso-tray add"]
)
def test_a_text_goes_in_by_standard_input(machine: Machine, text: str) -> None:
    """Links, names and commands arrive whole, and never as arguments."""
    machine.install("wl-copy")

    assert copy(text, {**machine.environ, "WAYLAND_DISPLAY": "wayland-0"})
    assert b"[]" + text.encode() == machine.given()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aoaAAAAAGc-a-token",
        "AKIAIOSFODNN7EXAMPLE",
        "export AWS_SECRET_ACCESS_KEY=invented",
        "export AWS_SESSION_TOKEN=invented",
        "export AWS_PROFILE=dev\nAWS_ACCESS_KEY_ID=invented",
        "export AWS_PROFILE=dev\nx",
        "sso-tray add; x",
        "http://example.com/",
        "https://",
        "javascript:alert(1)",
        "file:///etc/passwd",
        LINK + "\nrm -rf",
    ],
)
def test_anything_else_is_refused(machine: Machine, text: str) -> None:
    """Credentials, and whatever is neither link nor name, never reach a clipboard or a message."""
    machine.install("wl-copy")

    with pytest.raises(OurBug) as raised:
        copy(text, {**machine.environ, "WAYLAND_DISPLAY": "wayland-0"})
    assert b"" == machine.given()
    assert not text or text not in raised.value.sentence


def test_a_machine_without_any_says_so(machine: Machine) -> None:
    """No program, or no desktop to use one on: False, not an error."""
    without_programs = copy(LINK, {**machine.environ, "DISPLAY": ":0", "WAYLAND_DISPLAY": "w"})
    for name in ("wl-copy", "xclip", "xsel"):
        machine.install(name)
    without_desktop = copy(LINK, machine.environ)

    assert (False, False) == (without_programs, without_desktop)
    assert b"" == machine.given()


def test_the_next_program_steps_in_for_one_that_fails(machine: Machine) -> None:
    """wl-copy without its compositor, xclip without its display: xsel still gets it."""
    machine.install("wl-copy", code=1)
    machine.install("xclip", code=1)
    machine.install("xsel")

    assert copy(LINK, {**machine.environ, "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"})
    assert machine.given().endswith(b"['--clipboard', '--input']" + LINK.encode())


def test_windows_gets_its_own_encoding(machine: Machine) -> None:
    """clip.exe, also from WSL, takes UTF-16 with a byte order mark."""
    machine.install("clip.exe")

    assert copy("export AWS_PROFILE=ü", {**machine.environ, "WSL_DISTRO_NAME": "Debian"})
    assert "export AWS_PROFILE=ü" == machine.given().removeprefix(b"[]").decode("utf-16")


@pytest.mark.parametrize("name", ["xclip", "xsel"])
def test_the_real_programs_keep_it_for_others(
    machine: Machine, screen: Desk, name: components.Component
) -> None:
    """What was copied can be pasted, from another program, after we have gone on."""
    program = components.require(name)
    (machine.bin / name).symlink_to(program)
    display = screen.env["DISPLAY"]
    text = f"{LINK}&by={name}"

    assert copy(text, {**machine.environ, "DISPLAY": display})

    paste = {"xclip": ["-selection", "clipboard", "-out"], "xsel": ["--clipboard", "--output"]}

    def pasted() -> str:
        done = subprocess.run(
            [program, *paste[name]],
            env={"DISPLAY": display},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout

    # xsel leaves before its copy in the background has taken the selection from whoever had it.
    assert until(lambda: pasted() == text or None, "the text")
