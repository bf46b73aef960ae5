"""
What is promised of a keyring, held against each that people have: ``make keyrings``.

A line for each promise with what was seen, then the table; exit code 1 where one does not hold.
Names of keyrings as arguments run those alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.daemon.living import Living
from tests.e2e.desk import SESSION, Desk, desk, until
from tests.keyrings.real_keyrings import KEYRINGS, KWalletWithoutPlugin, RealKeyring, real_keyring

LIFE: Final = 6.0
"""Seconds that a token lives: it is renewed every three."""
RENEWALS: Final = 20
WRITTEN_LATE: Final = 7.0
"""Seconds after which KWallet, too, has its file written: killed before, it forgets (5.103)."""
SOON: Final = 60.0
"""Seconds in which a session renews by itself once the keyring is back and open."""


class Table:
    """What was seen of one keyring, by promise."""

    def __init__(self, kind: type[RealKeyring]) -> None:
        self.kind = kind
        self.rows: dict[str, tuple[bool, str]] = {}

    def hold(self, promise: str, look: Callable[[], str]) -> None:
        """Look whether a promise holds, and say what was seen."""
        try:
            self.rows[promise] = True, look()
        except AssertionError as error:
            self.rows[promise] = False, (str(error) or "no")[:300]
        good, seen = self.rows[promise]
        _say(f"  {'✓' if good else '✗'} {promise}: {seen}")


class Story:
    """One person's day with one keyring."""

    def __init__(self, here: Desk, keyring: RealKeyring, table: Table) -> None:
        self.here, self.keyring, self.table = here, keyring, table

    def tell(self) -> None:
        """Go through the promises, in their order."""
        hold = self.table.hold
        with self.here.daemon() as living:
            hold("a sign-in is kept", self._kept)
            if not self.lean:
                hold("renewed from the file", lambda: self._renewed(3))
                self._end()
                return
            hold(f"{RENEWALS} renewals", lambda: self._renewed(RENEWALS))
            hold("no dialog", self._quiet)
            hold("locked: it waits, and asks nobody", lambda: self._locked(living))
            hold("unlocked: it renews by itself", lambda: self._after(self.keyring.unlock))
            hold("killed and back: it renews by itself", lambda: self._killed(living))
            hold("hung for 15 s: it renews by itself", self._hung)
            self.keyring.lock()
        with self.here.daemon() as living:
            hold("locked at the start", lambda: self._waits(living, "keyring-locked"))
            hold("unlocked then", lambda: self._after(self.keyring.unlock))
            self.keyring.lock()
            hold("login unlocks it, and needs no browser", lambda: self._login(living))
            hold("no other dialog", self._quiet)
            self._end()

    @property
    def lean(self) -> bool:
        """Whether the refresh token is not in the file."""
        return "refreshToken" not in self.here.token_file()

    def _kept(self) -> str:
        done = self.here.tray("login", SESSION)
        assert done.code == 0, done.err
        why = done.out.splitlines()[-1].rpartition("stays in the token file. ")[2]
        return "in the keyring" if self.lean else f"in the file. {why}"

    def _count(self) -> int:
        return self.here.center.count("CreateToken", grant_type="refresh_token", status=200)

    def _counts(self, wanted: int) -> bool:
        return self._count() >= wanted

    def _renewed(self, times: int) -> str:
        begun, before = time.monotonic(), self._count()
        for wanted in range(before + 1, before + times + 1):  # each in its own time
            until(partial(self._counts, wanted), f"renewal {wanted - before} of {times}")
        return f"in {time.monotonic() - begun:.0f} s"

    def _after(self, act: Callable[[], object]) -> str:
        act()
        before, begun = self._count(), time.monotonic()
        until(lambda: self._count() > before, "a renewal")
        took = time.monotonic() - begun
        assert took < SOON, f"after {took:.0f} s"
        return f"after {took:.0f} s"

    def _waits(self, living: Living, reason: str) -> str:
        until(lambda: living.session(SESSION)["reason"] == reason, reason)
        return str(living.session(SESSION)["state"])

    def _locked(self, living: Living) -> str:
        self.keyring.lock()
        return self._waits(living, "keyring-locked")

    def _killed(self, living: Living) -> str:
        self.here.center.token_life = 6 * LIFE
        self._renewed(1)
        time.sleep(WRITTEN_LATE)
        self.keyring.kill()
        self.here.center.token_life = LIFE
        self._waits(living, "keyring-absent")
        return self._after(self.keyring.start)

    def _hung(self) -> str:
        self.keyring.stop()
        time.sleep(15)  # the time that passes is what is tried
        return self._after(self.keyring.resume)

    def _login(self, living: Living) -> str:
        self._waits(living, "keyring-locked")  # before that there may be nothing to unlock for
        opened = len(self.here.opened())
        process = self.here.start("login", SESSION)
        shown = self.keyring.answer(lambda: process.poll() is None)
        done = self.here.end_of(process)
        seen = shown, done.code, len(self.here.opened()) - opened
        assert (True, 0, 0) == seen, f"{seen} {(done.out + done.err).splitlines()}"
        return "yes" if done.out.startswith("Renewed") else done.out.strip()

    def _quiet(self) -> str:
        shown = self.keyring.dialogs()
        assert not shown, sorted(shown)
        return "none seen"

    def _end(self) -> None:
        self.table.hold("released: whole in the file", self._released)
        self.table.hold("signed out: nothing is left", self._nothing)

    def _released(self) -> str:
        done = self.here.tray("release", SESSION)
        assert done.code == 0, done.err
        file = self.here.token_file()
        assert self.here.center.accepts_refresh_token(file["refreshToken"]), "AWS takes it no more"
        return "and AWS takes it"

    def _nothing(self) -> str:
        living = [one for one in self.here.renewing_secrets() if one.startswith("aor")]
        self.here.tray("logout", SESSION)
        assert not self.here.leaks(), self.here.leaks()
        binned = self.keyring.binned()
        there = [one for one in living if self.here.center.accepts_refresh_token(one)]
        assert not [one for one in there if one in binned], "a living one is in the recycle bin"
        current = [one for one in living if one in binned.split("<History>")[0]]
        assert not current, "one is in the recycle bin"
        return "no file, no recycle bin"


def main() -> int:
    """Run the keyrings asked for, all by default; returns the exit code."""
    wanted = [kind for kind in KEYRINGS if kind.__name__ in (sys.argv[1:] or _all())]
    tables = []
    for kind in wanted:
        if kind is KWalletWithoutPlugin and os.geteuid() != 0:
            _say(f"{kind.name}: left out, it needs root")
            continue
        _say(kind.name)
        table = Table(kind)
        with desk("none", token_life=LIFE) as here:
            settings = here.home / ".config/sso-tray/config.toml"
            settings.parent.mkdir(parents=True)
            settings.write_text("[warnings]\nshow = false\n")
            with real_keyring(kind, here.keyring) as keyring:
                Story(here, keyring, table).tell()
        tables.append(table)
    _say("\n" + _table(tables))
    return int(any(not good for table in tables for good, _ in table.rows.values()))


def _table(tables: list[Table]) -> str:
    """Return it as the guide has it: a line for each promise, a column for each keyring."""
    promises = dict.fromkeys(promise for table in tables for promise in table.rows)
    lines = [["", *(table.kind.name for table in tables)], ["---"] * (len(tables) + 1)]
    for promise in promises:
        cells = (table.rows.get(promise, (True, "–")) for table in tables)
        lines.append([promise, *(seen if good else f"✗ {seen}" for good, seen in cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _all() -> list[str]:
    return [kind.__name__ for kind in KEYRINGS]


if __name__ == "__main__":
    sys.exit(main())
