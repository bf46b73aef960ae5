"""
How the active profile takes effect in the AWS config: ``[default]`` and ``[profile sso-tray]``.

``<state>/applied.json`` records what is wanted and what we wrote, both before and after the write,
so that a killed process leaves nothing unknown. Code that changes the active profile calls
`follow`: under the config's lock the first caller writes, the others find it done.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

from tray.aws.config import config_files, ini
from tray.core.json_members import BadDocument, Members, list_of, one_of, text
from tray.core.model import Catalog, Profile
from tray.core.profiles.guards import MANAGED_PROFILE
from tray.core.profiles.managed_profile import (
    ManagedSection,
    Target,
    foreign_credentials,
    managed_names,
    ours_in,
)
from tray.core.text import managed_text
from tray.core.text.display_names import clean
from tray.errors import Unread, UserMustAct
from tray.managed.config_write import change_locked, edit_lock
from tray.managed.section_plan import (
    ManagedContext,
    SectionPlan,
    credentials_file,
    is_free,
    planned,
    section_of,
)
from tray.storage.active_profile import picked_in
from tray.storage.atomic_files import (
    FileRefused,
    Seam,
    private_directory,
    read_small,
    write_atomic,
)
from tray.system.paths import Paths

log = logging.getLogger(__name__)

TARGETS: Final[tuple[Target, ...]] = get_args(Target)
VERSION: Final = 1


def read_applied(state: Path) -> dict[Target, ManagedSection]:
    """Return what is applied; an unusable file counts as nothing, and is logged. May be Unread."""
    try:
        return _read(state)[1]
    except (OSError, FileRefused, UserMustAct) as error:
        log.warning("applied.json cannot be used (%s)", type(error).__name__)
        return {}


def _read(state: Path) -> tuple[dict[str, Any], dict[Target, ManagedSection]]:
    """
    Return ``applied.json`` and what this version knows of it; unknown members stay in it.

    Version 1: ``{"version": 1, TARGET: ENTRY ..., "written": {TARGET: [DIGEST]}}``. Raises
    UserMustAct if it must not be overwritten; Unread, OSError or FileRefused if it can't be read.
    """
    path = state / "applied.json"
    try:
        document = json.loads(read_small(path))
        members = Members(document)
        members.get("version", one_of((VERSION,)), VERSION)
        written = Members(document.get("written", {}))
        entries = {
            target: replace(
                ManagedSection.from_json(document[target]),
                written=written.get(target, list_of(text), ()),
            )
            for target in TARGETS
            if target in document
        }
    except FileNotFoundError:
        return {}, {}
    except (ValueError, RecursionError) as error:
        what = f" ({error})" if isinstance(error, BadDocument) else ""
        raise UserMustAct(managed_text.unreadable(clean(str(path), 160), what)) from None
    return document, entries


def with_managed(catalog: Catalog, state: Path) -> Catalog:
    """Mark the profiles of a catalog that are ours: they are "other" (S3)."""
    entries = read_applied(state)
    owned = {target: one.owned[-1] for target, one in entries.items() if not one.theirs}
    managed = managed_names(catalog, owned)
    if not managed:
        return catalog
    profiles = tuple(
        Profile(one.name, region=one.region) if one.name in managed else one
        for one in catalog.profiles
    )
    sessions = tuple(
        replace(one, profiles=tuple(name for name in one.profiles if name not in managed))
        for one in catalog.sessions
    )
    return replace(catalog, profiles=profiles, sessions=sessions, managed=managed)


def applies(state: Path) -> tuple[Target, ...]:
    found = read_applied(state)
    return tuple(one for one in TARGETS if one in found and found[one].in_force)


def at_work(state: Path) -> bool:
    return any(one.at_work for one in read_applied(state).values())


def problems(state: Path) -> tuple[str, ...]:
    """Return a sentence for each managed section that another program has changed (A4)."""
    try:
        found = _read(state)[1]
    except UserMustAct as error:
        return (error.sentence,)
    except (Unread, OSError, FileRefused):
        return ()  # a passing error says nothing about the file
    return tuple(
        managed_text.theirs(target)
        for target in TARGETS
        if target in found and found[target].wanted and found[target].theirs
    )


def apply(world: ManagedContext, target: Target, *, seam: Seam | None = None) -> None:
    """Put a managed section into the config and keep it there; UserMustAct, TrayError, OSError."""
    with edit_lock(world.paths.state):
        _refuse_other_file(world, target)
        _refuse_foreign(world, target)
        _sync(world, target, wanted=True, typed=True, seam=seam)


def take_back(world: ManagedContext, target: Target, *, seam: Seam | None = None) -> bool:
    """Take a managed section out byte for byte; whether there was one. What is not ours stays."""
    with edit_lock(world.paths.state):
        before = _entry(world.paths.state, target)
        if before.file != str(world.files.config):
            return False
        return _sync(world, target, wanted=False, seam=seam) or before.at_work


def follow(world: ManagedContext) -> tuple[str, ...]:
    """
    Update every applied section to the active profile; with nothing applied this is one read.

    Also takes out what an interrupted `take_back` left. Raises `TrayError` or `OSError`.
    """
    state = world.paths.state
    if not any(one.at_work for one in _read(state)[1].values()):
        return ()
    left = []
    with edit_lock(state):
        for target, entry in _read(state)[1].items():
            if entry.at_work and entry.file == str(world.files.config):
                _sync(world, target, wanted=entry.wanted)
                if _entry(state, target).theirs:
                    left.append(managed_text.theirs(target))
    return tuple(left)


def _sync(
    world: ManagedContext,
    target: Target,
    *,
    wanted: bool,
    typed: bool = False,
    seam: Seam | None = None,
) -> bool:
    """Write one section as it must be now, under the config's lock; whether it wrote anything."""
    state = world.paths.state
    before = _entry(state, target)
    plan, noted = SectionPlan(b"", before), False

    def change(data: bytes) -> bytes:
        nonlocal plan, noted
        known = _entry(state, target)
        plan = planned(world, target, data, known, wanted=wanted, typed=typed)
        if plan.after != data:
            _write(state, target, plan.meanwhile)
            noted = True
            if seam is not None:
                seam("noted")
        return plan.after

    try:
        written = change_locked(world.files.config, state, change, seam=seam)
    except Exception:
        if noted:
            # It failed; the next call finds out which of the two is in the file.
            undone = replace(plan.meanwhile, wanted=before.wanted, theirs=before.theirs)
            _write(state, target, undone)
        raise
    _write(state, target, plan.entry)
    if plan.refusal is not None:
        raise plan.refusal
    return written


def refuse_elsewhere(paths: Paths) -> None:
    """Raise UserMustAct where a pick would change the active profile of another AWS config."""
    applied = [Path(one.file) for one in read_applied(paths.state).values() if one.at_work]
    picked, ours = picked_in(paths.state), paths.aws_config.resolve()
    for place in applied if picked is None else [picked, *applied]:
        if place.is_file() and place.resolve() != ours:
            raise UserMustAct(managed_text.picked_elsewhere(str(place)))


def _refuse_other_file(world: ManagedContext, target: Target) -> None:
    """Refuse to apply in a second file: ``applied.json`` describes one."""
    entry = _entry(world.paths.state, target)
    if entry.at_work and entry.file != str(world.files.config):
        raise UserMustAct(managed_text.elsewhere(target, entry.file))


def _refuse_foreign(world: ManagedContext, target: Target) -> None:
    """Refuse to write into a section that holds the user's own credentials (A3)."""
    entry = _entry(world.paths.state, target)
    path = world.files.config
    data = config_files.read(path) or b""
    section, header = section_of(data, str(path), target)
    if section is not None:
        now, _ = ours_in(section, entry)
        theirs = {key: value for key, value in section.items() if key not in now.keys}
        if not is_free(target, section, theirs, now):
            raise _in_the_way(path, data, header, foreign_credentials(theirs))
    if target == "default" and (key := credentials_file(world)) is not None:
        path = world.files.credentials
        raise _in_the_way(path, config_files.read(path) or b"", "default", key)


def _in_the_way(path: Path, data: bytes, header: str, key: str | None) -> UserMustAct:
    line = ini.lines_of(data, {header}).get(header, 1)
    place = f"{clean(str(path), 160)}, line {line}: [{clean(header)}]"
    if header == f"profile {MANAGED_PROFILE}" or key is None:
        return UserMustAct(managed_text.exists(place))
    return UserMustAct(managed_text.has_credentials(place, key))


def _entry(state: Path, target: Target) -> ManagedSection:
    return _read(state)[1].get(target, ManagedSection())


def _write(state: Path, target: Target, entry: ManagedSection) -> None:
    document, entries = _read(state)
    if entries.get(target, ManagedSection()) == entry:
        return
    section = {**document.get(target, {}), **entry.to_json()}
    written = {**document.get("written", {}), target: list(entry.written)}
    document = {**document, "version": VERSION, target: section, "written": written}
    private_directory(state)
    write_atomic(state / "applied.json", json.dumps(document, indent=1).encode() + b"\n")
