"""Transactions, and what has to hold of each wherever its process is killed (rule K8)."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.home import home_variables
from tests.keyring_session import keyring_session
from tests.worker.file_backend import FileBackend
from tests.worker.processes import GIVEN, SIDE_BY_SIDE, Ended, Order, Processes, processes
from tests.worker.world import CONFIG, CORP, environment, token_of
from tray.aws.cache.token_cache import cache_path, full_document, parse_token
from tray.core.outcomes import Adopted, Outcome, Released, RemovalJudged, Renewed, SignedOut
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.atomic_files import write_atomic
from tray.storage.session_records import Records
from tray.system.paths import Paths

Keyring = Literal["file", "gnome"]


@dataclass
class Place:
    """Homes to arrange and kill in, all with one Identity Center and one kind of keyring."""

    directory: Path
    center: IdentityCenter
    starter: Processes
    made: int = 0

    def homes(self, count: int) -> list[Path]:
        """Make homes signed in to by `aws sso login`, each by another person."""
        return [self._home(self.made + number) for number in range(1, count + 1)]

    def _home(self, number: int) -> Path:
        self.made = number
        home = self.directory / f"home-{number}"
        paths = Paths.from_environment(home_variables(home))
        paths.token_cache.mkdir(parents=True, mode=0o700)
        paths.aws_config.write_text(CONFIG)
        given = self.center.sign_in(user=f"person-{number}")
        write_atomic(file_of(home), full_document(token_of(given)))
        return home

    def adopted(self, count: int) -> list[Path]:
        """Make homes whose refresh data is in the keyring."""
        homes = self.homes(count)
        self.run("arrange", homes)
        return homes

    def removed(self, count: int) -> list[Path]:
        """Make some whose file was deleted, and nothing else."""
        homes = self.adopted(count)
        for home in homes:
            file_of(home).unlink()
        return homes

    def lost(self, count: int) -> list[Path]:
        """Make some whose folder of token files was lost."""
        homes = self.adopted(count)
        for home in homes:
            file_of(home).parent.rename(home / "lost")
        return homes

    def signed_out_here(self, count: int) -> list[Path]:
        """Make some that were signed out of on this machine, by removing the file."""
        homes = self.removed(count)
        self.run("judge-removed", homes)
        return homes

    def ended(self, count: int) -> list[Path]:
        """Make some whose access token is past its end, with the refresh data in the keyring."""
        homes = self.homes(count)
        self.run("arrange-ended", homes)
        return homes

    def removed_and_ended(self, count: int) -> list[Path]:
        """Make some of those whose file was deleted; AWS, too, has ended the access token."""
        homes = self.ended(count)
        self.center.kill_access_tokens()
        for home in homes:
            file_of(home).unlink()
        return homes

    def after_a_night(self, count: int) -> list[Path]:
        """Make some whose access token is dead, while AWS's session lives on."""
        homes = self.adopted(count)
        self.center.kill_access_tokens()
        return homes

    def signed_in_anew(self, count: int) -> list[Path]:
        """Make some with an older login, and what a sign-in has just given."""
        return self._given_anew(self.adopted(count))

    def written_late(self, count: int) -> list[Path]:
        """Make some with what another program writes late into the file it has opened."""
        return self._given_anew(self.homes(count))

    def _given_anew(self, homes: list[Path]) -> list[Path]:
        for home in homes:
            given = self.center.sign_in(user=home.name.replace("home", "person"))
            write_atomic(home / GIVEN, full_document(token_of(given)))
        return homes

    def signed_out_elsewhere(self, count: int) -> list[Path]:
        """Make some that `aws sso logout` was run in."""
        homes = self.removed(count)
        self.center.revoke()
        return homes

    def in_file(self, count: int) -> list[Path]:
        """Make some whose token store is the file."""
        homes = self.homes(count)
        for home in homes:
            _records(home).change(CORP.key, store="file", contested=True)
        return homes

    def run(self, kind: str, homes: list[Path]) -> list[Ended]:
        """Run one kind of job in all the homes, side by side."""
        return self.starter.run(*(Order(home, kind) for home in homes))

    def kept(self, homes: list[Path]) -> list[str | None]:
        """Return the refresh tokens in the keyring."""
        return [one.answer for one in self.run("kept", homes)]

    def renews(self, homes: list[Path]) -> list[bool]:
        """Whether each session can go on by itself, from the file or from the keyring."""
        found = zip(homes, self.kept(homes), strict=True)
        accepts = self.center.accepts_refresh_token
        return [
            any(accepts(one) for one in (members_of(home).get("refreshToken"), kept) if one)
            for home, kept in found
        ]


def file_of(home: Path) -> Path:
    """Return its token cache file."""
    return cache_path(home / ".aws/sso/cache", CORP.key)


def _records(home: Path) -> Records:
    return Records(Paths.from_environment(home_variables(home)).state)


def members_of(home: Path) -> dict[str, Any]:
    """Return its token file's members, none without one; what an SDK cannot read is a failure."""
    try:
        data = file_of(home).read_bytes()
    except FileNotFoundError:
        return {}
    parse_token(data, "the file")
    members: dict[str, Any] = json.loads(data)
    return members


@contextmanager
def place_in(
    directory: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, **knobs: Any
) -> Iterator[Place]:
    """
    Give a place.

    Args:
        directory: for its homes.
        keyring: ``gnome``: a real one of its own; ``file``: one in each home.
        monkeypatch: leads to the Identity Center.
        knobs: of the Identity Center.
    """
    with ExitStack() as stack:
        center = stack.enter_context(IdentityCenter(**knobs))
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        if keyring == "gnome":
            environ |= stack.enter_context(keyring_session("unlocked")).environ
        environ |= environment(directory, center.environment())
        for name in center.environment():
            monkeypatch.setenv(name, center.url)
        kind = "system" if keyring == "gnome" else "file"
        yield Place(directory, center, stack.enter_context(processes(environ, kind)))


@dataclass(frozen=True)
class Transaction:
    """
    One transaction to kill.

    Args:
        kind: of job.
        start: arranges so many homes.
        result: what it comes to.
        last: the last moment of a whole run.
        signs_out: whether its purpose is that nothing is left.
        again: the kind of job that repeats it, where that is another.
        removed: whether its purpose is that nothing is published.
    """

    kind: str
    start: Callable[[Place, int], list[Path]]
    result: type[Outcome | str]
    last: str
    signs_out: bool = False
    again: str | None = None
    removed: bool = False


TRANSACTIONS = {
    "renew": Transaction("renew", Place.adopted, Renewed, "published"),
    "renew-from-the-file": Transaction("renew", Place.in_file, Renewed, "published"),
    "adopt": Transaction("adopt", Place.homes, Adopted, "forgotten"),
    "renew-past-its-end": Transaction("renew", Place.ended, Renewed, "published"),
    "renew-unconfirmed": Transaction(
        "renew-unconfirmed", Place.adopted, Renewed, "renamed", again="renew"
    ),
    "adopt-late": Transaction(
        "adopt-late", Place.written_late, Adopted, "forgotten", again="adopt"
    ),
    "adopt-and-renew": Transaction("renew", Place.homes, Renewed, "published"),
    "publish-again": Transaction("judge-removed", Place.lost, RemovalJudged, "published"),
    "set-aside": Transaction(
        "judge-removed", Place.removed, RemovalJudged, "forgotten", removed=True
    ),
    "undo-removal": Transaction("undo-removal", Place.signed_out_here, RemovalJudged, "published"),
    "signed-out-elsewhere": Transaction(
        "judge-removed", Place.signed_out_elsewhere, RemovalJudged, "deleted", signs_out=True
    ),
    "sign-out": Transaction("sign-out", Place.adopted, SignedOut, "removed", signs_out=True),
    "sign-out-after-a-night": Transaction(
        "sign-out", Place.after_a_night, SignedOut, "removed", signs_out=True
    ),
    "lend": Transaction("lend", Place.adopted, Adopted, "published"),
    "release": Transaction("release", Place.adopted, Released, "deleted"),
    "refresh-decides": Transaction("judge-removed", Place.removed_and_ended, Renewed, "published"),
    "sign-in": Transaction("sign-in", Place.signed_in_anew, str, "forgotten"),
}


def kill_at_random(
    transaction: Transaction,
    count: int,
    chance: random.Random,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> int:
    """Kill a transaction so often, after delays up to its length; return how many it caught."""
    with place_in(directory, "file", monkeypatch) as place:
        # As many as will run side by side, so that they take as long.
        whole = place.run(transaction.kind, transaction.start(place, SIDE_BY_SIDE))
        length = max(one.seconds for one in whole)
        homes = transaction.start(place, count)
        orders = (
            # More of them early: adoption spends its last second waiting for late writers.
            Order(home, transaction.kind, kill_after=0.001 + length * chance.random() ** 2)
            for home in homes
        )
        return _killed_and_repeated(transaction, place, homes, place.starter.run(*orders))


def kill_everywhere(
    transaction: Transaction, keyring: Keyring, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Kill a transaction at each of its moments and repeat it; return how many were killed."""
    with place_in(directory, keyring, monkeypatch) as place:
        whole = place.run(transaction.kind, transaction.start(place, 1))[0]
        assert transaction.last == _last_of_ours(whole)
        count = len(whole.moments)
        homes = transaction.start(place, count)

        killed = place.starter.run(
            *(Order(home, transaction.kind, stop_at=at) for at, home in enumerate(homes))
        )
        assert [] == [one for one in killed if not one.killed], killed
        return _killed_and_repeated(transaction, place, homes, killed)


def _killed_and_repeated(
    transaction: Transaction, place: Place, homes: list[Path], killed: list[Ended]
) -> int:
    """Check that nothing was lost, repeat, check the end; return how many were killed."""
    for home in homes:
        FileBackend(home / "keyring").unlock()
    able = place.renews(homes)
    ended = place.run(transaction.again or transaction.kind, homes)
    kept = place.kept(homes)

    for number, home in enumerate(homes):
        where = (killed[number].moments, ended[number])
        assert transaction.signs_out or able[number], where
        assert isinstance(ended[number].answer, transaction.result | RemovalJudged | Renewed), (
            where
        )
        _check_end(transaction, place, home, kept[number])
    if transaction.signs_out:
        assert () == place.center.live_sessions()
    return sum(one.killed for one in killed)


def _last_of_ours(whole: Ended) -> str:
    names = [name for name in whole.moments if not name.startswith("vault: ")]
    return [name for name in names if name != "directory-synced"][-1]


def _check_end(
    transaction: Transaction, place: Place, home: Path, kept: str | None
) -> None:  # fmt: skip
    """Nothing is half done: what is kept is in one place, and SDKs can read the file."""
    members, store = members_of(home), _records(home).of(CORP.key).store
    if transaction.signs_out:
        assert (None, {}) == (kept, members)
        return
    if transaction.removed:
        assert {} == members
        assert place.center.accepts_refresh_token(str(kept))
        return
    in_file = members.get("refreshToken")
    otherwise = "released" if transaction.kind == "release" else "file"
    assert place.center.accepts_access_token(members["accessToken"])
    assert place.center.accepts_refresh_token(str(kept or in_file))
    if transaction.kind == "lend":
        assert in_file is None or store == "file"  # and in the keyring, too
        return
    assert (in_file is None, "keyring" if kept else otherwise) == (kept is not None, store)
