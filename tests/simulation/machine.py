"""The machine the daemon lives on: its clock, its keyring, and real files."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from tests.core.story import T0
from tests.simulation.aws import Aws, Given, Portal
from tests.simulation.clockwork import Clockwork, virtual
from tests.simulation.keyring import Keyring
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.aws.cache.token_cache import cache_path, full_document, lean_document
from tray.aws.config import config_files
from tray.core.model import Now, SsoSession
from tray.core.text.timestamps import parse_timestamp
from tray.secret import Secret
from tray.storage import atomic_files
from tray.storage.session_records import Record, Records
from tray.system.paths import Paths

READERS = (atomic_files, config_files)
FAST = Path("/dev/shm")  # directories in it are made by tempfile
EVERY_FILE = "*"
"""Stands in `Machine.read_errors` for all of them."""
INPUTS = ("active-profile", "previous-profile", "last-config.json")
"""Files of our state directory that say nothing of a session."""
KEPT_STATES = 40
STATE_EVERY = 3600.0
"""Copies of our state directory, and seconds between two."""
OLD_STATE = 12 * 3600.0
"""How old a copy that is put back is at least, where the walk is long enough for one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A token as a file or the keyring holds it.

    Args:
        given: what AWS gave; None for a token that AWS never gave.
        place: start URL written beside it.
        expires: as written, seconds since the epoch.
        refresh: the refresh token beside it.
    """

    given: Given | None
    place: str
    expires: float
    refresh: str | None
    generation: int = 0


class Machine:
    """
    Clock, keyring, files: all that outlives a restart of the daemon.

    Args:
        draw: a number in [0, 1) for a purpose.
        portals: AWS's.
    """

    def __init__(self, draw: Callable[..., float], portals: dict[str, Portal]) -> None:
        self.clockwork = Clockwork()
        self.offset = 0.0
        self.met: Counter[str] = Counter()
        self.aws = Aws(self.clockwork, draw, portals, self.met)
        self.keyring = Keyring(self.clockwork, draw, self.met)
        self.read_errors: dict[str, int] = {}
        self.writing: Counter[str] = Counter()  # programs that have yet to write what AWS gave
        self.home = Path(tempfile.mkdtemp(prefix="walk-", dir=FAST if FAST.is_dir() else None))
        self.paths = Paths.from_environment({"HOME": str(self.home)})
        self.paths.token_cache.mkdir(parents=True, mode=0o700)
        self.paths.state.mkdir(parents=True, mode=0o700)
        self.states: list[tuple[float, dict[str, bytes]]] = []
        self._open = ExitStack()
        self._paths: dict[str, Path] = {}
        self._files: dict[str, tuple[object, bytes | None, Entry | None]] = {}
        self._items: dict[str, tuple[Entry, ...]] = {}

    @property
    def time(self) -> float:
        """True seconds since the start."""
        return self.clockwork.time

    def wall(self) -> float:
        """Return what the wall clock says."""
        return T0 + self.clockwork.time + self.offset

    @property
    def now(self) -> Now:
        """Both clocks."""
        return Now(wall=self.wall(), mono=self.clockwork.time - self.clockwork.slept)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the workers' code live on this machine."""
        calls = _SystemCalls(self)
        for module in READERS:
            module.os = calls  # type: ignore[attr-defined] # stands for the module
        try:
            with virtual(self.clockwork, self.wall):
                yield
        finally:
            for module in READERS:
                module.os = os  # type: ignore[attr-defined] # as it was
            self._open.close()
            shutil.rmtree(self.home, ignore_errors=True)

    # --- Token files ---------------------------------------------------------

    def path(self, key: str) -> Path:
        """Return a session's token file."""
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = cache_path(self.paths.token_cache, key)
        return path

    def data(self, key: str) -> bytes | None:
        """Return what lies in a token file."""
        return self._file(key)[1]

    def file(self, key: str) -> Entry | None:
        """Return what a token file holds, None where nothing can be read from it."""
        return self._file(key)[2]

    def _file(self, key: str) -> tuple[object, bytes | None, Entry | None]:
        """Read a token file, unless it was read last: this is asked all the time."""
        path = self.path(key)
        seen, known = signature(str(path)), self._files.get(key)
        if known is None or known[0] != seen:
            data = path.read_bytes() if seen is not None else None
            known = self._files[key] = seen, data, self.entry_in(data)
        return known

    def entry_in(self, data: bytes | None) -> Entry | None:
        """Return what a token file's bytes hold."""
        try:
            members = json.loads(data or b"")
            access = members["accessToken"]
            expires = parse_timestamp(members["expiresAt"])
        except (ValueError, KeyError, TypeError):
            return None
        refresh = members.get("refreshToken") or None
        if not members.get("clientSecret"):
            refresh = None
        return Entry(self.aws.given(access), members.get("startUrl", ""), expires, refresh)

    def readable(self, key: str) -> bool:
        """Whether nothing is wrong with a token file; none is fine, too."""
        return self.whole(key) and not {str(self.path(key)), EVERY_FILE} & self.read_errors.keys()

    def whole(self, key: str) -> bool:
        """Whether a token file is no half of one, and none that is broken."""
        _, data, entry = self._file(key)
        return data is None or entry is not None

    def token(self, given: Given, session: SsoSession, life: float | None = None) -> SsoToken:
        """Return a token as a program of this machine would hold it now."""
        life = given.ends - given.issued if life is None else life
        registered = self.aws.portals[given.place].registrations[given.family]
        return SsoToken(
            start_url=session.start_url,
            region=session.region,
            access_token=Secret(given.access),
            expires_at=float(int(self.wall() + life)),
            refresh_token=Secret(given.refresh) if given.refresh else None,
            registration=Registration(
                given.client,
                Secret(f"secret of {given.client}"),
                float(int(T0 + registered)),
                ("sso:account:access",),
                "authorization_code",
            ),
            issued_at=self.wall(),
        )

    def document(self, given: Given, session: SsoSession, life: float | None = None) -> bytes:
        """Return the file that the AWS CLI would write for a token."""
        return full_document(self.token(given, session, life))

    def lean(self, given: Given, session: SsoSession, expires: float) -> bytes:
        """Return a file without refresh data."""
        token = self.token(given, session)
        return lean_document(token.__class__(
            token.start_url, token.region, token.access_token, expires))  # fmt: skip

    def write(self, key: str, data: bytes | None, *, mtime: float | None = None) -> None:
        """Write a token file in place, as the AWS CLI and the SDKs do, or remove it."""
        path = self.path(key)
        self._files.pop(key, None)
        if data is None:
            path.unlink(missing_ok=True)
            return
        path.write_bytes(data)
        self.stamp(path, mtime)

    def lose_folder(self, number: int) -> None:
        """Move the folder of the token files away, and make another."""
        folder = self.paths.token_cache
        folder.rename(folder.with_name(f"lost-{number}-{self.time}"))
        folder.mkdir(mode=0o700)
        self._files.clear()

    def emptied(self, key: str) -> FileIO:
        """Open a token file as ``open(path, "w")`` does: who writes it has emptied it first."""
        return self._open.enter_context(self.path(key).open("wb", buffering=0))

    def is_in_place(self, key: str, file: FileIO) -> bool:
        """Whether an open file is still the session's, which nobody has replaced."""
        seen = signature(str(self.path(key)))
        return isinstance(seen, tuple) and seen[0] == os.fstat(file.fileno()).st_ino

    def stamp(self, file: Path | int, mtime: float | None = None) -> None:
        """Let a file just written, given as a path or a descriptor, bear this machine's time."""
        self._files.clear()
        with suppress(FileNotFoundError):
            os.utime(file, (self.wall(), self.wall() if mtime is None else mtime))

    # --- The keyring -----------------------------------------------------------

    def kept(self, key: str) -> list[Entry]:
        """Return what the keyring keeps of a session, the newest generation first."""
        found = [
            one
            for name, text in self.keyring.items.items()
            if name.startswith(f"{key}@")
            for one in self.item(text)
        ]
        return sorted(found, key=lambda one: -one.generation)

    def item(self, text: str) -> tuple[Entry, ...]:
        """Return what a keyring item holds: the token to renew with, then those beside it."""
        if text not in self._items:
            document: dict[str, Any] = json.loads(text)
            self._items[text] = tuple(
                Entry(
                    self.aws.given(one["access_token"]),
                    one["start_url"],
                    one["expires_at"],
                    one["refresh_token"],
                    document["generation"],
                )
                for one in (document, *document.get("beside", ()))
            )
        return self._items[text]

    # --- Our state directory -----------------------------------------------------

    def records(self) -> dict[str, Record]:
        """Return what is on record, whatever the daemon could read of it now."""
        errors, self.read_errors = self.read_errors, {}
        try:
            return Records(self.paths.state).read()
        finally:
            self.read_errors = errors

    def state_files(self) -> dict[str, bytes]:
        """Return every file of our state directory that is no lock."""
        state = self.paths.state
        return {
            str(path.relative_to(state)): path.read_bytes()
            for path in sorted(state.rglob("*"))
            if path.is_file() and "locks" not in path.parts
        }

    def remember_state(self) -> None:
        """Keep a copy of our state directory, to be put back much later."""
        if self.states and self.time - self.states[-1][0] < STATE_EVERY:
            return
        self.states.append((self.time, self.state_files()))
        del self.states[:-KEPT_STATES]

    def damage_state(self, which: float, *, old: bool, inputs: bool = False) -> str | None:
        """Lose a file of our state directory, or put back a copy hours old, if there is one."""
        files = self.state_files()
        names = [name for name in files if (name in INPUTS) == inputs]
        if not names:
            return None
        before = self._old_state(names) if old else {}
        aged = [name for name in names if name in before]
        chosen = sorted(aged or names)
        name = chosen[int(which * len(chosen))]
        path = self.paths.state / name
        path.unlink()
        if not aged:
            self.met["input-lost" if inputs else "state-lost"] += 1
            return f"{name} is lost"
        self.met["input-old" if inputs else "state-old"] += 1
        path.write_bytes(before[name])
        return f"{name} is old"

    def _old_state(self, names: list[str]) -> dict[str, bytes]:
        """Return the latest copies of our state's files that are old, or else the oldest."""
        copies: dict[str, bytes] = {}
        for at, files in self.states:
            if at <= self.time - OLD_STATE:
                copies |= files
            elif at <= self.time - STATE_EVERY:
                copies = files | copies
        return {name: copies[name] for name in names if name in copies}


def signature(path: str) -> object:
    """Return what tells that a file was changed, None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 # asked a million times
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _SystemCalls:
    """Stands for the module ``os`` where files are read: some reads fail."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.fsync = lambda _descriptor: None

    def __getattr__(self, name: str) -> Any:
        value = getattr(os, name)
        setattr(self, name, value)
        return value

    def open(self, path: str | Path, flags: int, *rest: int) -> int:
        errors = self._machine.read_errors
        number = errors.get(str(path), errors.get(EVERY_FILE))
        if number is not None and not flags & os.O_CREAT:
            self._machine.met[f"read-{errno.errorcode[number]}"] += 1
            raise OSError(number, os.strerror(number), str(path))
        return os.open(path, flags, *rest)
