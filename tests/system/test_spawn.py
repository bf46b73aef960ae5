from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tray
from tray.system.spawn import (
    PARTS,
    module_command,
    said_if_failed,
    start_detached,
    without_bootloader,
    worker_command,
    worker_environment,
)

ROOT = Path(tray.__file__).parents[1]


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "PYTHON_KEYRING_BACKEND",
        "KEYRING_PROPERTY_PREFERRED_COLLECTION",
        "KEYCHAIN_PATH",
    ],
)
def test_a_worker_inherits_no_credentials_and_no_choice_of_keyring(name: str) -> None:
    """Rule F3 and threat T9: these variables end at the worker's door."""
    assert name not in worker_environment({name: "x", "PATH": "/bin"})


@pytest.mark.parametrize(
    "name",
    [
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SSO_OIDC",
        "AWS_CA_BUNDLE",
        "HTTPS_PROXY",
        "no_proxy",
        "HOME",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
    ],
)
def test_a_worker_inherits_what_is_honoured(name: str) -> None:
    """Rule F3: files, endpoints, certificates, proxies and the desktop's addresses stay."""
    assert worker_environment({name: "x"})[name] == "x"


def test_a_worker_keeps_the_import_path_behind_our_own() -> None:
    """PYTHONPATH stays, and the same `tray` as ours comes first."""
    environ = worker_environment({"PYTHONPATH": "/one" + os.pathsep + os.pathsep + "/two"})

    kept = [path for path in environ["PYTHONPATH"].split(os.pathsep) if path]
    assert ["/one", "/two"] == kept[-2:]


def test_a_worker_imports_our_tray_and_nothing_from_the_current_directory(
    tmp_path: Path,
) -> None:
    """A `keyring.py` lying in the directory we were started in is not imported."""
    (tmp_path / "keyring.py").write_text("raise SystemExit('imported from the directory')")
    (tmp_path / "tray").mkdir()
    (tmp_path / "tray" / "__init__.py").write_text("raise SystemExit('wrong tray')")
    interpreter_and_flags = worker_command("credentials")[:2]

    done = subprocess.run(
        [*interpreter_and_flags, "-c", "import keyring, tray; print(tray.__file__)"],
        cwd=tmp_path,
        env=worker_environment(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )

    assert str(ROOT / "tray" / "__init__.py") == done.stdout.strip()


def test_the_workers_command_names_the_worker() -> None:
    """The argv is our own interpreter, the worker's module, and which worker it is."""
    assert [sys.executable, "-P", "-m", "tray.worker", "sign-in"] == worker_command("sign-in")


def test_a_detached_child_has_a_session_of_its_own_and_no_streams(tmp_path: Path) -> None:
    """Our signals, our terminal and our pipes are not its own."""
    told = tmp_path / "told"
    code = (
        "import os, pathlib, sys\n"
        "streams = [os.readlink(f'/proc/self/fd/{number}') for number in range(3)]\n"
        "pathlib.Path(sys.argv[1]).write_text(f'{os.getsid(0) == os.getpid()} {streams}')"
    )

    status = start_detached([sys.executable, "-c", code, str(told)], os.environ, grace=60)

    assert (0, f"True {['/dev/null'] * 3}") == (status, told.read_text())


def test_a_child_that_runs_on_is_told_apart_from_one_that_ended(tmp_path: Path) -> None:
    """None for one that runs on; the exit status of one that ended in time."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    running = start_detached(["cat", str(fifo)], os.environ, grace=0.01)
    ended = start_detached(["false"], os.environ, grace=60)
    fifo.write_bytes(b"")

    assert (None, 1) == (running, ended)


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    """No such program is an OSError in the caller, not a silent nothing."""
    with pytest.raises(FileNotFoundError):
        start_detached([str(tmp_path / "no-such-program")], os.environ)


def test_a_frozen_program_starts_its_parts_through_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no interpreter to be asked for -m; the one entry takes the module's name."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/usr/lib/sso-tray/sso-tray")

    part = ["/usr/lib/sso-tray/sso-tray", "--internal", "tray.worker", "shared"]
    assert part == worker_command("shared")
    assert ["/usr/lib/sso-tray/sso-tray", "run"] == module_command("tray", "run")
    assert "PYTHONPATH" not in worker_environment({})


def test_what_the_bootloader_put_into_the_environment_reaches_no_child() -> None:
    """A browser must not load our libraries; what the user had set is theirs again."""
    environ = {"LD_LIBRARY_PATH": "/ours", "_PYI_ARCHIVE_FILE": "x", "HOME": "/home/ada"}

    assert {"HOME": "/home/ada"} == without_bootloader(environ)
    environ["LD_LIBRARY_PATH_ORIG"] = "/theirs"
    assert {"HOME": "/home/ada", "LD_LIBRARY_PATH": "/theirs"} == without_bootloader(environ)


@pytest.mark.parametrize("module", PARTS)
def test_every_part_exists(module: str) -> None:
    """What a frozen program holds can be run by name."""
    assert importlib.util.find_spec(module) is not None


def test_a_command_of_ours_says_why_it_failed() -> None:
    """None for one that succeeds, else its last line, without the program's name."""
    environ = worker_environment(os.environ)

    assert said_if_failed(["--version"], environ) is None
    said = said_if_failed(["status", "no-such-session"], environ)
    assert said is not None
    assert "no-such-session" in said
    assert not said.startswith("sso-tray: ")
