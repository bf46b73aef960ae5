from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tray.errors import Busy, Unreachable, UserMustAct
from tray.system.agent_socket import connect, listen, peer_uid

SECOND_USER = 65534  # "nobody" everywhere
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the agent's socket goes; its directory does not exist yet."""
    return tmp_path / "run" / "agent.sock"


def mode(path: Path) -> int:
    """Return the permission bits of what stands at a path."""
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_socket_is_private_whatever_the_umask(path: Path, umask: int) -> None:
    """A 0700 directory and a 0600 socket, under a careless and under a strict umask."""
    code = (
        "import os, sys, pathlib; os.umask(int(sys.argv[2]))\n"
        "from tray.system.agent_socket import listen\n"
        "listen(pathlib.Path(sys.argv[1])).detach()"
    )
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    subprocess.run([sys.executable, "-c", code, path, str(umask)], check=True, env=environ)

    assert (0o700, 0o600) == (mode(path.parent), mode(path))


def test_a_client_gets_through_and_both_know_the_other(path: Path) -> None:
    """Connected, either end asks the kernel who is there."""
    with listen(path) as server, connect(path, 10) as client:
        server.setblocking(True)
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"hello")

            assert (os.geteuid(), os.geteuid()) == (peer_uid(client), peer_uid(connection))
            assert client.recv(16) == b"hello"


def test_nobody_there_is_unreachable(path: Path) -> None:
    """No socket at all: the sentence names the path."""
    with pytest.raises(Unreachable, match="doesn't answer at"):
        connect(path, 1)


def test_a_dead_socket_is_unreachable_and_is_replaced(path: Path) -> None:
    """After kill -9 the socket's file stays; the next daemon takes its place."""
    listen(path).close()

    with pytest.raises(Unreachable):
        connect(path, 1)
    with listen(path), connect(path, 10) as client:
        assert os.geteuid() == peer_uid(client)


def test_a_live_socket_is_not_replaced(path: Path) -> None:
    """Somebody answers there: refused, and he goes on answering."""
    with listen(path):
        with pytest.raises(Busy):
            listen(path)
        with connect(path, 10) as client:
            assert os.geteuid() == peer_uid(client)


PLANTED: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.write_text("precious"),
    "link": lambda path: path.symlink_to("precious"),
    "directory": Path.mkdir,
    "fifo": os.mkfifo,
}


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_no_socket_is_never_removed(path: Path, kind: str) -> None:
    """A file, link, directory or FIFO at the path: refused by name, and still there."""
    path.parent.mkdir(mode=0o700)
    PLANTED[kind](path)

    with pytest.raises(UserMustAct, match="isn't SSO Tray's socket"):
        listen(path)

    assert os.path.lexists(path)


@pytest.mark.parametrize("planted", [0o777, 0o770, 0o722])
def test_a_directory_others_write_to_is_refused(path: Path, planted: int) -> None:
    """Others may have put anything there: refused with what to do."""
    path.parent.mkdir()
    path.parent.chmod(planted)

    with pytest.raises(UserMustAct, match="other users can write to"):
        listen(path)


def test_a_directory_others_may_only_read_is_closed_to_them(path: Path) -> None:
    """Our own directory, made under a careless umask, is made private."""
    path.parent.mkdir()
    path.parent.chmod(0o755)

    listen(path).close()

    assert mode(path.parent) == 0o700


def test_a_link_in_the_directorys_place_is_refused(path: Path, tmp_path: Path) -> None:
    """A symbolic link where our directory should be is not followed."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.parent.symlink_to("elsewhere")

    with pytest.raises(UserMustAct, match="must be a directory of your own"):
        listen(path)


@ROOT_ONLY
def test_a_directory_of_another_user_is_refused(path: Path) -> None:
    """Somebody was there first: refused, naming his uid."""
    path.parent.mkdir(mode=0o700)
    os.chown(path.parent, SECOND_USER, SECOND_USER)

    with pytest.raises(UserMustAct, match=f"another user \\(uid {SECOND_USER}\\)"):
        listen(path)


def as_second_user(
    code: str, *arguments: object, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run code as another user, in a plain Python that needs nothing of ours; type something."""
    return subprocess.run(
        ["/usr/bin/env", "python3", "-I", "-S", "-c", code, *map(str, arguments)],
        user=SECOND_USER,
        group=SECOND_USER,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


CONNECT = """
import socket, sys
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
else:
    print("connected")
"""


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A place every user can walk to, as pytest's own directories are not."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "run" / "agent.sock"


@ROOT_ONLY
@pytest.mark.parametrize(
    ("directory_mode", "socket_mode", "expected"),
    [
        (0o700, 0o600, "PermissionError"),
        (0o755, 0o600, "PermissionError"),
        (0o700, 0o666, "PermissionError"),
        (0o755, 0o666, "connected"),
    ],
)
def test_each_layer_alone_keeps_another_user_out(
    open_path: Path, directory_mode: int, socket_mode: int, expected: str
) -> None:
    """Directory and socket mode each suffice; with both gone only the peer's uid tells."""
    with listen(open_path) as server:
        open_path.parent.chmod(directory_mode)
        open_path.chmod(socket_mode)

        told = as_second_user(CONNECT, open_path).stdout.strip()
        server.setblocking(True)
        uid = None
        if told == "connected":
            with server.accept()[0] as connection:
                uid = peer_uid(connection)

    assert (expected, SECOND_USER if expected == "connected" else None) == (told, uid)


SERVE = """
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
sys.stdin.readline()
"""


@ROOT_ONLY
def test_a_socket_served_by_another_user_is_unreachable(open_path: Path) -> None:
    """A spoofed agent gets no request: the client asks the kernel who serves."""
    open_path.parent.mkdir()
    open_path.parent.chmod(0o777)
    server = subprocess.Popen(
        ["/usr/bin/env", "python3", "-I", "-S", "-c", SERVE, open_path],
        user=SECOND_USER,
        group=SECOND_USER,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"

    with pytest.raises(Unreachable, match=f"another user \\(uid {SECOND_USER}\\)"):
        connect(open_path, 10)
    server.communicate("end\n")


def test_two_hundred_clients_at_once_all_get_through(path: Path) -> None:
    """More clients than the backlog holds wait instead of failing."""
    through: list[bool] = []
    with listen(path) as server:
        server.setblocking(True)

        def client() -> None:
            with connect(path, 60) as connection:
                through.append(connection.recv(1) == b"x")

        clients = [threading.Thread(target=client) for _ in range(200)]
        for thread in clients:
            thread.start()
        for _ in clients:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"x")
        for thread in clients:
            thread.join(60)

    assert [True] * 200 == through


def test_the_socket_is_not_inherited(path: Path) -> None:
    """A started program gets neither the listening socket nor a client's."""
    with listen(path) as server, connect(path, 10) as client:
        assert (False, False) == (
            os.get_inheritable(server.fileno()),
            os.get_inheritable(client.fileno()),
        )


def test_a_path_too_long_for_a_socket_is_reached_by_its_directory(tmp_path: Path) -> None:
    """Longer than the kernel takes for a socket, it serves all the same."""
    path = tmp_path / ("x" * 120) / "agent.sock"

    with listen(path) as server, connect(path, 10):
        server.accept()[0].close()


def test_a_name_too_long_for_a_directory_is_named(tmp_path: Path) -> None:
    """Longer than the file system takes: one sentence, no traceback."""
    with pytest.raises(UserMustAct, match="File name too long"):
        listen(tmp_path / ("x" * 300) / "agent.sock")
