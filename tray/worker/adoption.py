"""Adoption: a file with refresh data is newer truth than the keyring and moves into it (K4)."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from tray.aws.sso_token import SsoToken
from tray.aws.token_cache import parse_token
from tray.core import policy
from tray.core.events import Adopted, Outcome, RemovalJudged
from tray.core.model import SsoSession
from tray.errors import CacheFileBad, CacheFileTorn, KeyringDenied, KeyringUnavailable
from tray.files import open_small, read_descriptor
from tray.worker.tools import Tools

log = logging.getLogger(__name__)

STARTS = 5
"""How often a file that changes under our hands is started over with, within one job."""
LOOKS_BACK = (0.05, 0.95)
"""Pauses before looking at the old file again: 50 ms and 1 s after the rename (K4 5)."""


def adopt(session: SsoSession, tools: Tools, *, adopt: bool = True) -> Outcome:
    """
    Take a file's refresh data into the keyring and leave a lean file.

    Args:
        session: which one.
        tools: what to work with.
        adopt: the setting; when off the file is kept as it is (keeper ``file``).

    Returns:
        `Adopted` with the keeper it has now, and the reason where that is not the keyring.

    Raises:
        Busy: another transaction holds the session for too long.
        CacheFileTorn, CacheFileBad: the file cannot be read.
    """
    with tools.session_lock(session):
        if tools.record(session).keeper == "released":
            token = tools.read(session)
            if token is None:
                return RemovalJudged("nothing")
            return Adopted(tools.facts(session, token), "released")
        if tools.read(session) is None:
            return RemovalJudged("nothing")
        return take_in(session, tools, adopt=adopt)


def take_in(session: SsoSession, tools: Tools, *, adopt: bool) -> Adopted:
    """Do it, with the session's lock held and a file in place."""
    record = tools.record(session)
    if not adopt or record.contested:
        return _left_in_file(session, tools, contested=record.contested)
    if record.keeper == "keyring" and _handed_back_too_often(session, tools):
        log.warning("%s: another program keeps taking it back; it stays in the file", session.key)
        return _left_in_file(session, tools, contested=True)
    for _ in range(STARTS):
        done = _once(session, tools)
        if done is not None:
            return done
    msg = f"The token cache file of {session.key} keeps changing."
    raise CacheFileTorn(msg)


def _once(session: SsoSession, tools: Tools) -> Adopted | None:
    """Make one start; None = the file changed meanwhile, start over."""
    path = tools.file_of(session)
    descriptor, data = open_small(path)
    try:
        token = parse_token(data, str(path))
        if not token.refreshable:
            keeper = tools.record(session).keeper or "file"
            return Adopted(tools.facts(session, token), keeper)
        facts = tools.facts(session, token)
        token = token.issued(facts.issued_at)
        try:
            generation = tools.vault.store(session.key, token)
        except (KeyringDenied, KeyringUnavailable) as error:
            return _keyring_says_no(session, tools, token, error)
        tools.seam("stored")
        if _changed(path, descriptor, data):
            return None
        _record_adoption(session, tools)
        tools.seam("recorded")
        tools.publish_lean(session, token)
        tools.seam("published")
        token, generation = _look_back(session, tools, descriptor, data, (token, generation))
        tools.vault.forget_older(session.key, generation)
        tools.seam("forgotten")
        return Adopted(tools.facts(session, token), "keyring")
    finally:
        os.close(descriptor)


def _record_adoption(session: SsoSession, tools: Tools) -> None:
    """Record the keeper before the file changes; a hand-back counts once it was taken in (K1)."""
    if tools.record(session).keeper == "keyring":
        back = (*_recently(session, tools), tools.clock())
        tools.records.change(session.key, handed_back=back)
    else:
        tools.records.change(session.key, keeper="keyring")


def _changed(path: Path, descriptor: int, data: bytes) -> bool:
    """Whether the file says something else now, by its name or by the descriptor we hold."""
    try:
        again, by_name = open_small(path)
    except OSError:
        return True
    os.close(again)
    return by_name != data or read_descriptor(descriptor) != data


def _look_back(
    session: SsoSession,
    tools: Tools,
    descriptor: int,
    data: bytes,
    newest: tuple[SsoToken, int],
) -> tuple[SsoToken, int]:
    """
    Look at the old file twice more: a writer that had opened it before the rename wrote there.

    What it wrote was written last and is adopted in its turn.
    """
    for pause in LOOKS_BACK:
        time.sleep(pause)
        late = read_descriptor(descriptor)
        if late == data:
            continue
        try:
            token = parse_token(late, "the replaced token cache file")
        except (CacheFileTorn, CacheFileBad):
            continue
        data = late
        published = tools.read_or_none(session)
        if published is not None and published.fingerprint != newest[0].fingerprint:
            continue  # somebody has written the new file after that
        if token.refreshable:
            token = token.issued(tools.clock())
            newest = token, tools.vault.store(session.key, token)
            tools.publish_lean(session, token)
    return newest


def _keyring_says_no(
    session: SsoSession,
    tools: Tools,
    token: SsoToken,
    error: KeyringDenied | KeyringUnavailable,
) -> Adopted:
    """
    Leave the file as it is: it works, and it is renewed from there until the keyring takes it.

    A keyring that cannot be used just now changes the reason, not the keeper (K1); where there
    was none yet the file is the keeper.
    """
    keeper = tools.record(session).keeper
    if keeper is None:
        keeper = tools.records.change(session.key, keeper="file").keeper or "file"
    return Adopted(tools.facts(session, token), keeper, error.reason)


def _left_in_file(session: SsoSession, tools: Tools, *, contested: bool) -> Adopted:
    tools.records.change(session.key, keeper="file", contested=contested)
    token = tools.read(session)
    if token is None:
        msg = f"The token cache file of {session.key} went away."
        raise CacheFileTorn(msg)
    return Adopted(tools.facts(session, token), "file", contested=contested)


def _handed_back_too_often(session: SsoSession, tools: Tools) -> bool:
    """Whether refresh data came back into the file for the third time in ten minutes (K1)."""
    return len(_recently(session, tools)) + 1 >= policy.HANDED_BACK_TIMES


def _recently(session: SsoSession, tools: Tools) -> tuple[float, ...]:
    since = tools.clock() - policy.HANDED_BACK_WITHIN
    return tuple(at for at in tools.record(session).handed_back if at > since)
