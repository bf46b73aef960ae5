"""Paths, children and commands as Windows has them; run by the Windows Python alone."""

from __future__ import annotations

import ntpath
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages.told import until
from tray.desktop.notifications.notice_process import TOLD
from tray.system.browser import browser_command
from tray.system.paths import Paths
from tray.system.spawn import APART, own_program, windowless_program, worker_environment

ADA = r"C:\Users\Ada Lovelace"


def test_the_home_is_userprofile() -> None:
    """All lies below it, as the AWS CLI and SDKs have it; HOME does not count."""
    paths = Paths.from_environment({"USERPROFILE": ADA, "HOME": r"C:\elsewhere"})

    assert Path(ADA, ".aws", "config") == paths.aws_config
    assert Path(ADA, "AppData", "Local", "sso-tray") == paths.state


def test_state_and_settings_lie_together() -> None:
    """One rule for both: LOCALAPPDATA, unless an absolute XDG variable moves one."""
    environ = {"USERPROFILE": ADA, "LOCALAPPDATA": r"D:\local"}
    paths = Paths.from_environment(environ)
    moved = Paths.from_environment({**environ, "XDG_STATE_HOME": r"E:\state"})

    assert Path(r"D:\local\sso-tray") == paths.state == paths.settings_file.parent
    assert (Path(r"E:\state\sso-tray"), paths.settings_file) == (moved.state, moved.settings_file)


@pytest.mark.parametrize(
    "value",
    [r"%USERPROFILE%\aws.ini", r"%userprofile%\a b.ini", r"C:\%NOT_SET_AT_ALL%\x", r"~\x", "C:/x"],
)
def test_a_file_in_a_variable_is_the_one_botocore_reads(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Percent signs are expanded, whatever the case of the name; what is not set stays."""
    monkeypatch.setenv("USERPROFILE", ADA)
    expected = ntpath.abspath(ntpath.expanduser(ntpath.expandvars(value)))
    environ = {**os.environ, "AWS_CONFIG_FILE": value}

    assert Path(expected) == Paths.from_environment(environ).aws_config


def test_a_quoted_program_of_browser_is_found() -> None:
    """A path with blanks stands between quotes, which are not part of it."""
    choice = browser_command({"BROWSER": r'"C:\Program Files\b.exe" --new %s'})

    assert ((r"C:\Program Files\b.exe", "--new", "%s"),) == choice.commands


def test_an_argument_with_blanks_survives_a_start_anew(tmp_path: Path) -> None:
    """The restart in place comes back from a folder with a blank in its name."""
    folder = tmp_path / "Ada Lovelace"
    folder.mkdir()
    said, program = folder / "said", folder / "program.py"
    program.write_text("import sys; open(sys.argv[1], 'w').write('\\n'.join(sys.argv[2:]))")
    command = [sys.executable, str(program), str(said), "a b", "c"]
    code = (
        "import os; from tray.system.spawn import start_anew;"
        f"start_anew({command!r}, dict(os.environ))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    until(lambda: said.exists() and said.read_text(), "the program's word")
    assert "a b\nc" == said.read_text()


def test_the_installed_launcher_is_found() -> None:
    """What is stored to start us is the launcher in Scripts, and at login no console program."""
    (program,) = own_program(os.environ)

    assert "sso-tray.exe" == Path(program).name
    assert "pythonw.exe" == Path(windowless_program(os.environ)[0]).name


def test_a_notice_s_child_says_that_it_told() -> None:
    """The word is the same bytes as on Linux, without a carriage return."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tray.desktop.notifications.plyer_notice"],
        env=worker_environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **APART,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(b'{"title": "corp", "text": "Signed in."}')
        child.stdin.close()

        assert TOLD == child.stdout.readline()
    finally:
        child.kill()
        child.stdout.close()
        child.wait(60)


def test_without_standard_streams_it_ends_in_order(tmp_path: Path) -> None:
    """Started a second time by pythonw, which has no streams, it says nothing and succeeds."""
    home = tmp_path / "Ada Lovelace"
    home.mkdir()
    environ = {**os.environ, "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}
    code = (
        "import sys; sys.stdout = sys.stderr = sys.stdin = None;"
        "from pathlib import Path; from tray.system.lock.file_lock import FileLock, lock_path;"
        f"lock = FileLock(lock_path(Path({str(home / 'sso-tray')!r}), 'resident'));"
        "assert lock.acquire(); from tray.daemon.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=False, timeout=60)

    assert 0 == done.returncode


@pytest.mark.parametrize("ending", ["cmd", "bat", "exe"])
def test_exec_finds_what_the_shell_finds(tmp_path: Path, ending: str) -> None:
    """A name without its ending, one of PATHEXT; its arguments arrive, its status comes back."""
    from tray.cli.exec.becoming import become

    if ending == "exe":
        command, environ = ["cmd", "/c", "exit 7"], dict(os.environ)
    else:
        (tmp_path / f"tool.{ending}").write_text('@if not "%~1"=="a & b" exit /b 1\n@exit /b 7\n')
        command = ["tool", "a & b"]
        environ = {**os.environ, "PATH": f"{tmp_path};{os.environ['PATH']}"}

    assert 7 == become(command, environ)
