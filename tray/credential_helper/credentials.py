"""
Credentials for SDKs, as fast as Python starts: ``python -I -S credentials.py [PROFILE]``.

Prints the ``credential_process`` document of a profile, or of the active one, by asking the
daemon. Where none answers, or it lives in another world (C3), this becomes the full program,
which acts alone. Exit codes are those of the command line (C1): 1 failed, 3 sign in first.

This file is copied to the state directory and run by whatever Python is on the system, 3.6 or
newer. Nearly all its time is Python's start, so it imports what the interpreter holds already;
``socket``, ``os`` and ``json`` would each cost as much as starting (measured). On Windows it loads
`tray.system.pipe.pipe_client`, a copy of which stands beside it.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # as type checkers read it; importing typing would take longer than all this
    import _socket
    from typing import Any

# The next three lines are written by `tray.credential_helper.helper_installation`.
SOCKETS: "tuple[str, ...]" = ()
PROGRAM: "tuple[str, ...]" = ()
PYTHONPATH: str = ""

HEAD = b'{"v":1,"done":{"exit":0,"sentence":"","credentials":'
TAIL = b"}}\n"  # around the credentials in the usual answer, which then needs no JSON reader
CONNECT_PATIENCE = 2.0
ANSWER_PATIENCE = 120.0  # seconds; a renewal and a call to AWS end well before that
SILENCE = 5.0  # seconds after which a daemon that hangs is told from one that is at work
LONGEST_ANSWER = 65536
UNKNOWN_PROFILE = 2  # exit code; the daemon may not have read the config that names it yet

WINDOWS = "nt" in sys.builtin_module_names
HOME = b"USERPROFILE" if WINDOWS else b"HOME"
OF_PATHS = (
    HOME,
    b"XDG_CONFIG_HOME",
    b"XDG_STATE_HOME",
    b"AWS_CONFIG_FILE",
    b"AWS_SHARED_CREDENTIALS_FILE",
) + ((b"LOCALAPPDATA",) if WINDOWS else ())
OF_ENDPOINTS = (
    b"AWS_ENDPOINT_URL",
    b"AWS_ENDPOINT_URL_SIGNIN",
    b"AWS_ENDPOINT_URL_SSO",
    b"AWS_ENDPOINT_URL_SSO_OIDC",
    b"AWS_ENDPOINT_URL_STS",
    b"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


class NoDaemon(Exception):
    """No daemon of ours answers, or not for this caller."""


def main(arguments: "list[str]") -> int:
    """Print the document and return the exit code; may become another program instead."""
    if len(arguments) > 1:
        return failed("only one profile can be named", 2)
    profile = arguments[0] if arguments else ""
    try:
        line = asked("credentials", profile, SOCKETS, environment())
    except NoDaemon:
        return act_alone(profile)
    if line.startswith(HEAD) and line.endswith(TAIL):
        document = line[len(HEAD) : -len(TAIL)]
        if document.count(b"{") == document.count(b"}") == 1 and document.endswith(b"}"):
            return printed(document + b"\n")
    import json  # only where the answer is in another order, or is a refusal

    try:
        done = json.loads(line.decode())["done"]
        code, sentence = int(done["exit"]), str(done.get("sentence", ""))
        if code == 0:
            return printed(json.dumps(dict(done["credentials"])).encode() + b"\n")
    except (ValueError, KeyError, TypeError, AttributeError):
        return act_alone(profile)  # another world, another version
    return act_alone(profile) if code == UNKNOWN_PROFILE else failed(sentence, code)


def environment() -> "dict[bytes, bytes]":
    """Return this process's variables; on Windows with their names in capitals, as `os` has."""
    if not WINDOWS:
        import posix

        return posix.environ
    variables = __import__("nt").environ
    return {encoded(name.upper()): encoded(value) for name, value in variables.items()}


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def asked(
    op: str,
    profile: str,
    sockets: "tuple[str, ...]",
    environ: "dict[bytes, bytes]",
    patience: float = ANSWER_PATIENCE,
    more: str = "",
) -> bytes:
    """Return the daemon's answer, a line, waited for so many seconds; `more` are members."""
    where = b"\0".join(world(environ)).hex().encode()
    request = b'{"v":1,"program":"handout","op":"%b","profile":%b,"environ":"%b"%b}\n' % (
        op.encode(),
        quoted(profile),
        where,
        more.encode(),
    )
    alive = b'{"v":1,"program":"handout","op":"status","environ":"%b"}\n' % where
    for path in sockets:
        try:
            line = asked_at(path, request, patience, alive)
        except OSError:
            line = b""  # no daemon there: the next place
        if line.endswith(b"\n"):
            return line
    raise NoDaemon


def asked_at(
    path: str, request: bytes, patience: float = ANSWER_PATIENCE, alive: bytes = b""
) -> bytes:
    """
    Return the answer of the daemon at a path; nothing if it is not our own user's.

    `alive` is a request that any daemon answers at once. Raises OSError if there is none, or if it
    answers neither.
    """
    connection = connected(path)
    if connection is None:
        return b""
    connection.settimeout(min(patience, SILENCE) if alive else patience)
    connection.sendall(request)
    line, left = b"", patience
    while not line.endswith(b"\n") and len(line) < LONGEST_ANSWER:
        try:
            more = connection.recv(LONGEST_ANSWER)
        except OSError as error:
            left -= SILENCE
            # Only a wait that is over has no number.
            if error.errno is not None or left <= 0 or not alive:
                raise
            asked_at(path, alive, SILENCE)
            continue
        if not more:
            break
        line += more
    return line


def connected(path: str) -> "Any":
    """Return a connection to the daemon at a path; None if it is not our own user's."""
    if WINDOWS:
        # Copied beside this file; no other folder of ours is on the import path.
        sys.path.insert(0, __file__.rpartition("\\")[0])
        return __import__("pipe_client").connect(path, CONNECT_PATIENCE)
    import posix
    from _socket import AF_UNIX, SOCK_STREAM, socket

    user = posix.geteuid()
    # Another user may have been first: directory, socket and peer must be ours.
    directory, itself = posix.stat(path.rpartition("/")[0]), posix.lstat(path)
    if directory.st_uid != user or directory.st_mode & 0o077 or itself.st_uid != user:
        return None
    connection = socket(AF_UNIX, SOCK_STREAM)
    connect(connection, path)
    return connection if peer(connection, user) == user else None


def connect(connection: "_socket.socket", path: str) -> None:
    """Connect; a full backlog says EAGAIN instead of waiting."""
    import time

    connection.settimeout(CONNECT_PATIENCE)
    for _ in range(int(CONNECT_PATIENCE / 0.005)):
        try:
            connection.connect(path)
            return
        except BlockingIOError:
            time.sleep(0.005)
    raise NoDaemon


def peer(connection: "_socket.socket", otherwise: int) -> int:
    """Return the user at the other end, where the system says it as Linux does (unix(7))."""
    import _socket

    if not hasattr(_socket, "SO_PEERCRED"):
        return otherwise
    found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(found[4:8], sys.byteorder)


def world(environ: "dict[bytes, bytes]") -> "list[bytes]":
    """Return the variables that say which world this is; the daemon compares it with its own."""
    found = []
    for name, value in environ.items():
        if name in OF_PATHS:
            # The full program reads paths that need our directory or other variables.
            if value and (not absolute(value) or b"$" in value or (WINDOWS and b"%" in value)):
                raise NoDaemon
        elif name not in OF_ENDPOINTS:
            continue
        found.append(name + b"=" + value)
    if HOME not in environ:
        raise NoDaemon
    return found


def absolute(path: bytes) -> bool:
    """Whether a path starts at a root, or at the home directory."""
    if WINDOWS:
        return path[1:3] in (b":\\", b":/") or path[:1] == b"~" or path[:2] == b"\\\\"
    return path[:1] in (b"/", b"~")


def quoted(profile: str) -> bytes:
    """Return a name as JSON; null, the active profile, for none."""
    if not profile:
        return b"null"
    if all(" " <= letter <= "~" and letter not in '"\\' for letter in profile):
        return b'"%b"' % profile.encode()
    import json  # for the few names that need it: it takes as long as all the rest

    return json.dumps(profile).encode()


def printed(document: bytes) -> int:
    """Write everything to standard output, however little a pipe takes at once."""
    system = __import__("nt" if WINDOWS else "posix")
    while document:
        document = document[system.write(1, document) :]
    return 0


def failed(sentence: str, code: int) -> int:
    sys.stderr.write("sso-tray: " + sentence + "\n")
    sys.stderr.flush()
    return code


def act_alone(profile: str) -> int:
    """Become the full program, which gives the same answer without a daemon."""
    import os

    if not PROGRAM:
        return failed("this credential helper wasn't installed by sso-tray", 1)
    which = ["--profile", profile] if profile else ["--active"]
    command = [*PROGRAM, "credentials", "--format", "process", *which]
    environ = dict(os.environ)
    # The settings of the caller's Python are not for ours.
    for name in ("PYTHONHOME", "PYTHONPATH"):
        environ.pop(name, None)
    if PYTHONPATH:
        environ["PYTHONPATH"] = PYTHONPATH
    try:
        if os.name == "nt":  # where exec would return to the caller at once
            import subprocess

            return subprocess.call(command, env=environ)
        os.execve(command[0], command, environ)  # noqa: S606  (ourselves, no shell)
    except OSError as error:
        said = "SSO Tray isn't running, and sso-tray can't be started: %s: %s"
        return failed(said % (command[0], error.strerror), 1)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # An orderly shutdown of the interpreter would take a tenth of the whole time.
    __import__("nt" if WINDOWS else "posix")._exit(code)  # noqa: SLF001  (`os` names it so)
