"""What the daemon can do without: missing at its start, lost later, and back again."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.living import Living, daemon, home_with
from tests.daemon.test_unread import CONFIG, SESSION, TOKEN
from tests.e2e.desk import until
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


@pytest.mark.parametrize(
    "without", [_no_runtime_directory, _a_file_in_its_place, _a_long_home, _no_display]
)
def test_missing_at_the_start(without: Callable[[dict[str, str]], None], tmp_path: Path) -> None:
    """The daemon serves all the same, commands and the credential helper reach it."""
    environ, _ = _home(tmp_path)
    without(environ)
    paths = Paths.from_environment(environ)
    with daemon(environ, icon=without is _no_display, listens=False) as living:
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
