"""Which daemons a package's scripts find, and what they note of them to start them again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tray.system.package_upgrade import Running, running, start_again, stop
from tray.system.spawn import INTERNAL_FLAG

PROGRAM = Path("/usr/bin/env")
"""Any that is there."""


def _process(
    proc: Path,
    pid: int,
    *words: str,
    exe: Path = PROGRAM,
    parent: int = 1,
    root: Path = Path("/"),
) -> None:
    place = proc / str(pid)
    place.mkdir()
    (place / "root").symlink_to(root)
    (place / "exe").symlink_to(exe)
    (place / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    environ = {
        "HOME": "/home/ada",
        "DISPLAY": ":7",
        "LD_LIBRARY_PATH": "/usr/lib/sso-tray/_internal",
        "LD_LIBRARY_PATH_ORIG": "/opt/lib",
        "_PYI_ARCHIVE_FILE": str(PROGRAM),
        "AWS_SECRET_ACCESS_KEY": "canary",
    }
    pairs = "".join(f"{name}={value}\0" for name, value in environ.items())
    (place / "environ").write_text(pairs)
    (place / "cgroup").write_text("0::/user.slice/session-1.scope\n")
    (place / "stat").write_text(f"{pid} (sso-tray (x)) S {parent} 0 0\n")


def test_a_resident_is_noted_with_what_starts_it_again(tmp_path: Path) -> None:
    """Its user, its options and its environment, without credentials and as before our loader."""
    _process(tmp_path, 7, "sso-tray", "run", "--no-icon")

    environ = {"HOME": "/home/ada", "DISPLAY": ":7", "LD_LIBRARY_PATH": "/opt/lib"}
    expected = Running(7, os.getuid(), ("run", "--no-icon"), environ, by_unit=False)
    assert [expected] == running(PROGRAM, tmp_path)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sso-tray",), True),
        (("/usr/bin/sso-tray", "run"), True),
        (("sso-tray", INTERNAL_FLAG, "tray.daemon"), True),
        (("sso-tray", INTERNAL_FLAG, "tray.worker", "shared"), False),
        (("sso-tray", "login", "corp"), False),
        (("sso-tray", "exec", "--", "run"), False),
    ],
)
def test_only_residents_are_ended(tmp_path: Path, words: tuple[str, ...], found: bool) -> None:
    """Workers end with their daemon, and a command at a terminal is left alone."""
    _process(tmp_path, 7, *words)

    assert found == bool(running(PROGRAM, tmp_path))


def test_other_programs_and_a_demos_own_resident_are_left_alone(tmp_path: Path) -> None:
    """Another file is another program; what a demo started ends with the demo."""
    _process(tmp_path, 7, "sso-tray", "run", exe=Path("/home/ada/.local/bin/sso-tray"))
    _process(tmp_path, 8, "sso-tray", "demo")
    _process(tmp_path, 9, "sso-tray", "run", parent=8)

    assert [] == running(PROGRAM, tmp_path)


def test_a_resident_of_systemd_is_known_as_such(tmp_path: Path) -> None:
    """Then systemd starts it again, and knows that it runs."""
    _process(tmp_path, 7, "sso-tray", "run")
    unit = "0::/user.slice/user@1000.service/app.slice/sso-tray.service\n"
    (tmp_path / "7/cgroup").write_text(unit)

    assert [True] == [one.by_unit for one in running(PROGRAM, tmp_path)]


def test_one_that_has_ended_by_itself_holds_nothing_up() -> None:
    """A signal to nobody is no error."""
    gone = Running(2**22 - 1, os.getuid(), ("run",), {}, by_unit=False)

    assert [] == stop([gone], lambda _: False)


def test_a_resident_in_a_container_is_left_alone(tmp_path: Path) -> None:
    """Its program has the same path, but is another file."""
    inside = tmp_path / "container"
    (inside / PROGRAM.relative_to("/")).parent.mkdir(parents=True)
    (inside / PROGRAM.relative_to("/")).touch()
    _process(tmp_path, 7, "sso-tray", "run", root=inside)

    assert [] == running(PROGRAM, tmp_path)


def test_one_that_cannot_be_started_keeps_no_other_from_starting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user whom the system does not know, or a missing program, costs a line and no more."""
    nobody = 2**31 - 7
    daemons = [
        Running(7, nobody, ("run",), {}, by_unit=False),
        Running(8, os.getuid(), ("run",), {}, by_unit=False),
    ]

    start_again(daemons, tmp_path / "none", lambda _: False)

    said = capsys.readouterr().err.splitlines()
    expected = [
        f"sso-tray: could not be started again for user {uid}" for uid in (nobody, os.getuid())
    ]
    assert expected == [line.partition(" (")[0] for line in said]


def test_a_new_resident_waits_for_the_old_one(tmp_path: Path) -> None:
    """One that is still ending would send the new one away, and then none would run."""
    looks = iter([True, True, False])
    seen = []

    def alive(pid: int) -> bool:
        seen.append(pid)
        return next(looks)

    start_again([Running(7, 2**31 - 7, (), {}, by_unit=False)], tmp_path / "none", alive)

    assert [7, 7, 7] == seen
