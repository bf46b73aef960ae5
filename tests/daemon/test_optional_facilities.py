"""What the daemon can do without: missing at its start, lost later, and back again."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusErrorResponse, message_bus  # type: ignore[import-untyped]  # no stubs exist
from jeepney.io.blocking import (  # type: ignore[import-untyped]  # the same
    Proxy,
    open_dbus_connection,
)

from tests.components import require
from tests.daemon.living import Living, daemon, home_with
from tests.daemon.test_unread import CONFIG, SESSION, TOKEN
from tests.desk import Running, private_bus, start_screen
from tests.e2e.desk import SESSION as KEPT
from tests.e2e.desk import desk, until
from tray.aws.cache.token_cache import cache_path
from tray.storage.logs import REPEATS
from tray.system.paths import Paths

NAMESPACE = ("unshare", "--user", "--map-root-user", "sh", "-c")
LIMIT = 'echo 0 >/proc/sys/user/max_inotify_%s; exec "$@"'
SLOWLY = "Files are looked at every 5 seconds only"


def _home(directory: Path, **variables: str) -> tuple[dict[str, str], Paths]:
    environ = home_with(directory, CONFIG, **variables)
    paths = Paths.from_environment(environ)
    paths.token_cache.mkdir(parents=True)
    return environ, paths


def _signs_in(living: Living, paths: Paths) -> None:
    """Another program signs in, which the daemon is to notice."""
    cache_path(paths.token_cache, SESSION).write_text(TOKEN % 2090)
    until(lambda: living.session(SESSION)["state"] == "signed-in", "the sign-in is noticed")


def _problems(living: Living) -> str:
    return " ".join(living.ask("status")["status"]["problems"])


def _limit(living: Living, what: str, most: int) -> None:
    """Set a limit of the kernel for the daemon's user alone, within its namespace."""
    write = f"echo {most} >/proc/sys/user/max_inotify_{what}"
    within = ["nsenter", "--user", "--preserve-credentials", "-t", str(living.process.pid)]
    subprocess.run([*within, "sh", "-c", write], check=True)


@pytest.fixture(scope="module")
def _namespaces() -> None:
    words = [*NAMESPACE, LIMIT % "watches", "sh", "true"]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("needs user namespaces, whose limits of inotify are their own")


@pytest.mark.usefixtures("_namespaces")
@pytest.mark.parametrize("what", ["instances", "watches"])
def test_no_inotify(what: str, tmp_path: Path) -> None:
    """Files are looked at every 5 s, a row says so; when there is some again, the row goes."""
    environ, paths = _home(tmp_path)
    with daemon(environ, within=(*NAMESPACE, LIMIT % what, "sh")) as living:
        _signs_in(living, paths)
        until(lambda: SLOWLY in _problems(living), "a row says so")
        _limit(living, what, 1000)
        until(lambda: _problems(living) == "", "the row goes")
        cache_path(paths.token_cache, SESSION).unlink()
        until(lambda: living.session(SESSION)["state"] == "signed-out", "it is noticed")


@pytest.mark.usefixtures("_namespaces")
def test_inotify_lost_later(tmp_path: Path) -> None:
    """Where a new directory gets no watch, nothing is missed."""
    environ, paths = _home(tmp_path)
    with daemon(environ, within=(*NAMESPACE, 'exec "$@"', "sh")) as living:
        _limit(living, "watches", 0)
        paths.token_cache.rename(paths.token_cache.with_name("elsewhere"))
        paths.token_cache.mkdir()
        _signs_in(living, paths)
        until(lambda: SLOWLY in _problems(living), "a row says so")
        log = living.log()

    assert "Traceback" not in log


def _no_runtime_directory(environ: dict[str, str]) -> None:
    del environ["XDG_RUNTIME_DIR"]


def _a_file_in_its_place(environ: dict[str, str]) -> None:
    (Path(environ["XDG_RUNTIME_DIR"]) / "sso-tray").write_text("")


def _a_long_home(environ: dict[str, str]) -> None:
    del environ["XDG_RUNTIME_DIR"]
    home = Path(environ["HOME"])
    longer = home.parent / ("long" * 30) / "home"
    longer.parent.mkdir()
    home.rename(longer)
    for name, value in environ.items():
        environ[name] = value.replace(str(home), str(longer))


def _no_display(environ: dict[str, str]) -> None:
    environ["DISPLAY"] = ":987"


def _no_session_bus(environ: dict[str, str]) -> None:
    del environ["DBUS_SESSION_BUS_ADDRESS"]


ICONS = (_no_display, _no_session_bus)


@pytest.mark.parametrize(
    "without", [_no_runtime_directory, _a_file_in_its_place, _a_long_home, *ICONS]
)
def test_missing_at_the_start(without: Callable[[dict[str, str]], None], tmp_path: Path) -> None:
    """The daemon serves all the same, commands and the credential helper reach it."""
    environ, _ = _home(tmp_path)
    without(environ)
    paths = Paths.from_environment(environ)
    with daemon(environ, icon=without in ICONS, listens=False) as living:
        _signs_in(living, paths)
        status = _tray(environ, "status", "--json")

    assert 0 == status.returncode, status.stderr
    assert f'"pid": {living.process.pid}' in status.stdout


def test_no_place_for_the_socket(tmp_path: Path) -> None:
    """Without one the daemon runs, commands act alone; once there is one it listens."""
    environ, paths = _home(tmp_path)
    places = [place.parent for place in paths.runtime_sockets]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("in the way")
    process = subprocess.Popen(
        [sys.executable, "-m", "tray.daemon", "--no-icon"],
        env={**environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    living = Living(process, environ)
    try:
        until(lambda: "serving" in _log(paths), "it runs")
        alone = _tray(environ, "status", "--json")
        for place in places:
            place.unlink()
        until(lambda: _answers(living), "it listens")
    finally:
        process.terminate()
        code = process.wait(60)

    assert (0, 0) == (alone.returncode, code)
    assert '"resident": null' in alone.stdout


@pytest.mark.parametrize("what", ["socket", "directory"])
def test_the_socket_is_cleared_away(what: str, tmp_path: Path) -> None:
    """As by a logout while we run on: it is there again, and who was connected stays so."""
    environ, paths = _home(tmp_path)
    place = paths.runtime_sockets[0]
    with daemon(environ) as living:
        before = place.stat().st_ino
        if what == "socket":
            place.unlink()
        else:
            shutil.rmtree(place.parent)
        until(lambda: _answers(living), "it listens again")
        living.ask("use", profile="dev")
        living.until(lambda message: message.get("status", {}).get("active_profile") == "dev")
        after = place.stat().st_ino
        again = _tray(environ, "run", "--no-icon")

    assert before != after or what == "directory"
    assert (0, True) == (again.returncode, "already running" in again.stdout + again.stderr)


def test_the_runtime_directory_goes_and_comes_back(tmp_path: Path) -> None:
    """Commands reach it through the state directory meanwhile, then by either."""
    environ, paths = _home(tmp_path)
    runtime = Path(environ["XDG_RUNTIME_DIR"])
    with daemon(environ, listens=False) as living:
        living.ask("status")  # it watches by now
        shutil.rmtree(runtime)
        runtime.write_text("in the way")
        until(paths.runtime_sockets[1].exists, "it listens elsewhere")
        during = _tray(environ, "status", "--json")
        runtime.unlink()
        runtime.mkdir(mode=0o700)
        after = _tray(environ, "status", "--json")

    pid = f'"pid": {living.process.pid}'
    assert (True, True) == (pid in during.stdout, pid in after.stdout)


def _is_on(address: str, process: int) -> bool:
    """Whether a process has a connection of a bus."""
    try:
        with closing(open_dbus_connection(address)) as bus:
            names = Proxy(message_bus, bus).ListNames()[0]
            pids = [
                Proxy(message_bus, bus).GetConnectionUnixProcessID(name)[0]
                for name in names
                if name.startswith(":")
            ]
    except (OSError, DBusErrorResponse):
        return False
    return process in pids


def test_the_session_bus_goes_and_comes_back(tmp_path: Path) -> None:
    """Without it all is served but icon, notices and keyring; a new one is joined."""
    with private_bus() as bus:
        environ, paths = _home(tmp_path, DBUS_SESSION_BUS_ADDRESS=bus.address)
        with daemon(environ, icon=True) as living:
            pid = living.process.pid
            until(lambda: _is_on(bus.address, pid), "it is on the bus")
            bus.stop()
            _signs_in(living, paths)
            status = _tray(environ, "status", "--json")
            bus.start({"PATH": os.environ["PATH"]})
            until(lambda: _is_on(bus.address, pid), "it is on the new bus")
            log = living.log()

    assert f'"pid": {pid}' in status.stdout
    assert "Traceback" not in log


def test_the_display_goes(tmp_path: Path) -> None:
    """The icon is shown through the bus: an X server that ends takes nothing along."""
    screen = Running(tmp_path)
    with private_bus() as bus:
        environ, paths = _home(tmp_path, DBUS_SESSION_BUS_ADDRESS=bus.address)
        xvfb = require("xvfb")
        environ["DISPLAY"] = start_screen(screen, _program(environ), xvfb, (640, 480))
        with daemon(environ, icon=True) as living:
            until(lambda: _is_on(bus.address, living.process.pid), "it is on the bus")
            screen.end_all()
            _signs_in(living, paths)
            log = living.log()

    assert "Traceback" not in log


def test_the_keyring_goes_and_comes_back() -> None:
    """Renewal says why it waits, what is signed in goes on, and it renews once it is back."""
    with desk("unlocked", token_life=30) as here, here.daemon() as living:
        here.tray("login", KEPT)
        living.until_state(KEPT, "signed-in", keeper="keyring")
        here.keyring.kill_service()
        failing = living.until_state(KEPT, "renewal-failing")
        arn = here.boto3("test-profile")
        heard = len(living.messages)
        here.keyring.start_service()
        living.until_state(KEPT, "signed-in", since=heard, keeper="keyring", reason=None)
        renews = here.keyring_renews()

    assert failing["reason"] in ("keyring-absent", "keyring-waiting")
    assert "ReadOnly" in arn
    assert renews


def test_few_descriptors(tmp_path: Path) -> None:
    """A low soft limit is raised; where none is left the log says so ten times, not thousands."""
    environ, paths = _home(tmp_path)
    with daemon(environ, within=("prlimit", "--nofile=40:400"), listens=False) as living:
        until(lambda: "serving" in _log(paths), "its log is open")
        raised = resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE, (0, 400))
        asking = subprocess.Popen(
            [sys.executable, "-m", "tray", "status", "--json"],
            env=_program(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for year in range(2090, 2140):
            cache_path(paths.token_cache, SESSION).write_text(TOKEN % year)
        asking.communicate(timeout=60)
        resource.prlimit(living.process.pid, resource.RLIMIT_NOFILE, raised)
        _signs_in(living, paths)
        lines = [line.partition(" ")[2] for line in living.log().splitlines()]

    assert (400, 400) == raised
    assert REPEATS >= max(lines.count(line) for line in lines)


def _log(paths: Paths) -> str:
    log = paths.state / "sso-tray.log"
    return log.read_text() if log.exists() else ""


def _answers(living: Living) -> bool:
    try:
        return bool(living.ask("status"))
    except Exception:  # noqa: BLE001  (not yet)
        return False


def _program(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}


def _tray(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[Any]:
    return subprocess.run(
        [sys.executable, "-m", "tray", *words],
        env=_program(environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
