"""The agent's socket: who gets an answer, and what junk gets."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.living import PATIENCE, Living, daemon, home_with
from tests.system.test_transport import ROOT_ONLY
from tray.demo.demo_story import CONFIG
from tray.ipc.agent_client import REQUEST_LIMIT, OtherWorld
from tray.system.paths import world


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Run one daemon for the tests that leave it as it was."""
    environ = home_with(tmp_path_factory.mktemp("socket"), CONFIG)
    with daemon(environ) as running:
        yield running


@ROOT_ONLY  # who forbids core dumps shows its descriptors to root alone
def test_it_listens_on_no_network_port(living: Living) -> None:
    """Of the daemon's sockets none is of TCP or UDP, of either version."""
    process = Path(f"/proc/{living.process.pid}")
    held = {one.readlink().name for one in (process / "fd").iterdir()}
    network = {
        f"socket:[{row.split()[9]}]"
        for table in ("tcp", "tcp6", "udp", "udp6")
        if (process / "net" / table).exists()
        for row in (process / "net" / table).read_text().splitlines()[1:]
    }

    assert held & network == set()
    assert any(one.startswith("socket:") for one in held)


def say(living: Living, data: bytes, *, hang_up: bool = False) -> list[dict[str, Any]]:
    """Send bytes as they are and return every line that comes back."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(living.paths.runtime_sockets[0]))
        connection.sendall(data)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as lines:
            return [json.loads(line) for line in lines]


def line(living: Living, **members: Any) -> bytes:
    """Return a well-formed request, changed by ``members``."""
    request = {"v": 1, "program": "x", "world": world(living.environ), "op": "status", **members}
    return json.dumps(request).encode() + b"\n"


@pytest.mark.parametrize(
    ("junk", "word"),
    [
        (b"\n", "JSON"),
        (b"hello\n", "JSON"),
        (b"[1, 2]\n", "object"),
        (b"\xff\xfe\x00\n", "JSON"),
        (b'{"v": 2}\n', "version"),
        (b'{"op": "status"}\n', "version"),
        (b"[" * 5000 + b"\n", "JSON"),
    ],
)
def test_junk_gets_one_clear_sentence(living: Living, junk: bytes, word: str) -> None:
    """What is no request is answered with what is wrong with it, and changes nothing."""
    answer = say(living, junk)

    assert ["bad-request"] == [one["error"] for one in answer]
    assert word in answer[0]["sentence"]


def test_a_line_too_long_is_refused(living: Living) -> None:
    """Nobody can make the daemon hold a large request in memory."""
    answer = say(living, b"x" * (REQUEST_LIMIT * 3) + b"\n")

    assert ["bad-request"] == [one["error"] for one in answer]


def test_a_cut_line_is_refused(living: Living) -> None:
    """A request that never ends is no request."""
    answer = say(living, b'{"v": 1', hang_up=True)

    assert ["bad-request"] == [one["error"] for one in answer]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"op": "explode"}, "unknown-op"),
        ({"op": None}, "unknown-op"),
        ({"op": ["status"]}, "unknown-op"),
        ({"world": {}}, "other-world"),
        ({"op": "login"}, "bad-request"),
        ({"op": "login", "session": 7}, "bad-request"),
        ({"op": "login", "session": "demo", "method": "telepathy"}, "bad-request"),
        ({"op": "login", "session": "demo", "callback_port": 70000}, "bad-request"),
        ({"op": "login", "session": "demo", "callback_port": True}, "bad-request"),
        ({"op": "use"}, "bad-request"),
    ],
)
def test_wrong_requests_are_named(living: Living, members: dict[str, Any], error: str) -> None:
    """A request with a wrong member gets an error of its own kind."""
    answer = say(living, line(living, **members))

    assert [error] == [one["error"] for one in answer]


def test_after_all_the_junk_it_still_answers(living: Living) -> None:
    """A good request is answered as if nothing had happened."""
    answer = living.ask("status")

    assert living.process.pid == answer["status"]["resident"]["pid"]


def test_a_caller_of_another_world_acts_alone(living: Living) -> None:
    """The daemon never acts on other files or endpoints than the caller's (C3)."""
    with (
        pytest.raises(OtherWorld),
        living.client(AWS_ENDPOINT_URL_SSO="http://127.0.0.1:9") as one,
    ):
        one.done("status")


def test_unknown_sessions_and_profiles_are_named(living: Living) -> None:
    """Whoever asks for something that does not exist reads its name in one sentence."""
    told = [
        living.ask("logout", session="nowhere")["sentence"],
        living.ask("renew", session="nowhere")["sentence"],
        living.ask("login", session="nowhere")["sentence"],
        living.ask("use", profile="nobody")["sentence"],
    ]

    assert 3 == sum('"nowhere"' in sentence for sentence in told)
    assert '"nobody"' in told[3]


def test_only_its_user_may_reach_the_socket(living: Living) -> None:
    """Directory and socket are closed to others (G2)."""
    path = living.paths.runtime_sockets[0]

    assert 0o700 == path.parent.stat().st_mode & 0o777
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_second_resident_leaves_the_first_alone(living: Living) -> None:
    """One daemon a world: the second says so and ends well (fault 65)."""
    second = subprocess.run(
        [sys.executable, "-m", "tray.daemon"],
        env=living.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (0, "SSO Tray is already running.\n") == (second.returncode, second.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: int) -> None:
    """It ends with 0 and takes its socket away (fault 76)."""
    with daemon(home_with(tmp_path, CONFIG)) as running:
        os.kill(running.process.pid, number)
        code = running.process.wait(PATIENCE)

        assert 0 == code
        assert not running.paths.runtime_sockets[0].exists()


def test_quit_says_goodbye(tmp_path: Path) -> None:
    """Who asks it to quit is answered before it goes."""
    with daemon(home_with(tmp_path, CONFIG)) as running:
        answer = running.ask("quit")

        assert (0, "SSO Tray has quit.") == (answer["exit"], answer["sentence"])
        assert 0 == running.process.wait(PATIENCE)


def test_a_dead_residents_socket_is_replaced(tmp_path: Path) -> None:
    """After kill -9 the next one serves in its place (fault 66)."""
    environ = home_with(tmp_path, CONFIG)
    with daemon(environ) as first:
        first.process.kill()
        first.process.wait(PATIENCE)

        with daemon(environ) as second:
            assert second.process.pid == second.ask("status")["status"]["resident"]["pid"]


def test_a_config_broken_at_the_start_costs_no_session(tmp_path: Path) -> None:
    """S4: the last good config outlives a restart, beside the sentence about the broken one."""
    environ = home_with(tmp_path, CONFIG)
    with daemon(environ) as first:
        before = first.ask("status")["status"]
        assert 0 == first.ask("quit")["exit"]
        first.process.wait(PATIENCE)
        config = first.paths.aws_config
    config.write_text("[profile dev\n" + CONFIG)

    with daemon(environ) as second:
        broken = second.ask("status")["status"]

    assert [one["key"] for one in before["sessions"]] == [one["key"] for one in broken["sessions"]]
    assert [] != before["sessions"]
    assert any("line 1" in problem for problem in broken["problems"])


def test_it_imports_only_what_it_may(tmp_path: Path) -> None:
    """The daemon stays small: no click, boto3, keyring, desktop-notifier or plyer (G4)."""
    environ = home_with(tmp_path, CONFIG)
    code = (
        "import sys, tray.daemon.__main__ as m\n"
        "print(sorted({n.split('.')[0] for n in sys.modules if n[0] != '_'}"
        " - set(sys.stdlib_module_names)))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**environ, "PYTHONPATH": ":".join([str(root), *site_directories()])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    # cython_runtime is no package: compiled dbus-fast leaves it behind
    allowed = {
        "cython_runtime",
        "dbus_fast",
        "pystray",
        "six",
        "inotify_simple",
        "platformdirs",
        "tray",
    }

    assert set() == set(json.loads(done.stdout.replace("'", '"'))) - allowed


def site_directories() -> list[str]:
    """Return where packages lie, so that ``-S`` (no .pth side effects) still finds them."""
    return [path for path in sys.path if path.endswith("site-packages")]


def test_an_icon_that_cannot_be_imported_costs_the_icon(tmp_path: Path) -> None:
    """Whatever pystray does when it is imported, the daemon runs on and says so (fault 72)."""
    broken = tmp_path / "broken" / "pystray"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ValueError('no typelib')")
    environ = home_with(tmp_path, CONFIG)
    root = Path(__file__).resolve().parents[2]
    environ["PYTHONPATH"] = f"{broken.parent}:{root}"

    with daemon(environ, icon=True) as running:
        problems = running.ask("status")["status"]["problems"]

    assert ["ValueError"] == [word for word in ["ValueError"] if word in " ".join(problems)]
