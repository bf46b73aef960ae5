"""
How the active profile takes effect in the AWS config: ``[default]`` and ``[profile sso-tray]``.

``<state>/applied.json`` remembers what is wanted and what of it we wrote, before it is written
and after, so that a process may be killed anywhere and the next one goes on. Whoever changes the
active profile calls :func:`follow`: under the config's lock the first writes, the rest find it
done.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

from tray.active_profile import read_active
from tray.aws import config_files, ini
from tray.aws.config import ConfigFiles, profile_settings, read_catalog
from tray.aws.config_edit import SectionEdit, edited, written_header
from tray.aws.config_layout import lines_of
from tray.config_file import change_config
from tray.core.active import is_guarded
from tray.core.applied import (
    PROFILE_OF,
    Applied,
    Owned,
    Target,
    default_keys,
    digest_of,
    foreign_credentials,
    managed_names,
    process_keys,
    still_ours,
    without_taken,
)
from tray.core.model import Catalog, Profile
from tray.core.wire import from_wire, to_wire
from tray.core.words import clean
from tray.errors import NotFound, UserMustAct
from tray.files import FileRefused, Seam, private_directory, read_small, write_atomic
from tray.system.paths import Paths

log = logging.getLogger(__name__)

TARGETS: Final[tuple[Target, ...]] = get_args(Target)


@dataclass(frozen=True, slots=True)
class World:
    """
    What a managed section depends on.

    Args:
        paths: where everything lies.
        guarded: patterns of profiles that only a person switches to.
        hand_out: installs the hand-out client and returns its argv; asked only when needed.
    """

    paths: Paths
    guarded: tuple[str, ...]
    hand_out: Callable[[], tuple[str, ...]]

    @property
    def files(self) -> ConfigFiles:
        """The two files."""
        return ConfigFiles(self.paths.aws_config, self.paths.aws_credentials)

    @property
    def command(self) -> str:
        """The hand-out's command line, as a config value."""
        return command_line(self.hand_out())


def command_line(argv: tuple[str, ...]) -> str:
    """
    Return an argv as a ``credential_process`` value that shlex, sh and cmd divide alike.

    Raises:
        UserMustAct: a word of it cannot be written so that all of them read it back.
    """
    return " ".join(map(_word, argv))


def _word(word: str) -> str:
    if word and not set(word) - _PLAIN:
        return word
    if not word or not word.isprintable() or set(word) & set("\"'$`\\%!"):
        msg = f'"{clean(word, 160)}" cannot be written so that every AWS SDK starts the same.'
        raise UserMustAct(msg)
    return f'"{word}"'


_PLAIN: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@+=:,./-"
)


def read_applied(state: Path) -> dict[Target, Applied]:
    """Return what is applied; a file that cannot be used counts as none, and the log says so."""
    entries: dict[Target, Applied] = {}
    try:
        document = json.loads(read_small(state / "applied.json"))
        for target in TARGETS:
            if target in document:
                entries[target] = from_wire(document[target])
    except FileNotFoundError:
        return {}
    except (OSError, FileRefused, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("applied.json cannot be read (%s)", type(error).__name__)
        return {}
    return entries


def with_managed(catalog: Catalog, state: Path) -> Catalog:
    """Return a catalog that knows which of its profiles are ours: they are "other" (S3)."""
    entries = read_applied(state)
    owned = {target: one.owned[-1] for target, one in entries.items() if one.wanted}
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


def applies(state: Path) -> tuple[str, ...]:
    """Return through what the active profile takes effect, for ``status``."""
    found = read_applied(state)
    return tuple(one for one in TARGETS if one in found and found[one].wanted)


def problems(state: Path) -> tuple[str, ...]:
    """Return a sentence for each managed section that somebody else has changed (A4)."""
    found = read_applied(state)
    return tuple(
        f"[{_header(target)}] in the AWS config was changed by somebody else and is left alone; "
        f'"sso-tray apply {target}" takes it over again once it is gone.'
        for target in TARGETS
        if target in found and found[target].wanted and found[target].theirs
    )


def apply(world: World, target: Target, *, seam: Seam | None = None) -> None:
    """
    Put a managed section into the config, and keep it there from now on.

    Raises:
        UserMustAct: the user's own section gives credentials; file and line are named.
        TrayError, OSError: the files cannot be read or written.
    """
    _refuse_foreign(world, target)
    _sync(world, target, wanted=True, seam=seam)


def take_back(world: World, target: Target, *, seam: Seam | None = None) -> bool:
    """
    Take a managed section out again, byte for byte as it was; what is not ours stays.

    Returns:
        Whether there was anything of ours.

    Raises:
        TrayError, OSError: the files cannot be read or written.
    """
    before = read_applied(world.paths.state).get(target, Applied())
    _sync(world, target, wanted=False, seam=seam)
    return before.wanted and not before.theirs


def follow(world: World) -> None:
    """
    Let every applied section follow the active profile; nothing applied costs one read.

    Raises:
        TrayError, OSError: the files cannot be read or written.
    """
    for target, entry in read_applied(world.paths.state).items():
        if entry.wanted:
            _sync(world, target, wanted=True)


def _sync(world: World, target: Target, *, wanted: bool, seam: Seam | None = None) -> None:
    """Bring one section to what it has to be, under the config's lock."""
    state = world.paths.state
    outcome = Applied()

    def change(data: bytes) -> bytes:
        nonlocal outcome
        entry = read_applied(state).get(target, Applied())
        file = str(world.files.config)
        section, header = _section(data, file, target)
        now = next(
            (one for one in reversed(_longest_last(entry)) if still_ours(section, one)), None
        )
        if now is None or (not now.keys and not _takes(world, target, section)):
            outcome = replace(entry, wanted=wanted, theirs=wanted, owned=(Owned(),))
            return data
        theirs = {key: value for key, value in (section or {}).items() if key not in now.keys}
        keys = _keys(world, target, theirs) if wanted else {}
        after, owned = _written(data, file, header, keys, now, section)
        owned = replace(owned, mirrors=_mirrored(world) if target == "default" else (None,) * 3)
        outcome = Applied(wanted, (owned,))
        if after != data:
            _write(state, target, Applied(wanted, (now, owned)))
            if seam is not None:
                seam("noted")
        return after

    change_config(world.files.config, state, change, seam=seam)
    _write(state, target, outcome)


def _longest_last(entry: Applied) -> list[Owned]:
    """Return what may stand in the file; "nothing of ours" fits always, so it is asked last."""
    return sorted(entry.owned, key=lambda one: bool(one.keys))


def _takes(world: World, target: Target, section: Mapping[str, object] | None) -> bool:
    """Whether a section that has nothing of ours may be given something."""
    if target == "process":
        return section is None
    return not foreign_credentials(section or {}) and not _credentials_file(world)


def _section(
    data: bytes, file: str, target: Target
) -> tuple[Mapping[str, object] | None, str]:  # fmt: skip
    """Return the section's keys as they are now, and its header as it is or is to be written."""
    header = written_header(data, file, "profile", PROFILE_OF[target])
    if header is None:
        return None, _header(target)
    return ini.parse(data, file)[header], header


def _header(target: Target) -> str:
    return "default" if target == "default" else f"profile {PROFILE_OF[target]}"


def _written(
    data: bytes,
    file: str,
    header: str,
    keys: Mapping[str, str],
    now: Owned,
    section: Mapping[str, object] | None,
) -> tuple[bytes, Owned]:
    """Return the file with our keys in the place of those that are ours now, and what is ours."""
    created = section is None or (now.created and set(section) <= set(now.keys))
    if now.keys and not keys:
        drop = SectionEdit(header, drop=True, gap=now.gap)
        edit = drop if created else SectionEdit(header, remove=now.keys)
        return edited(data, file, [edit]), Owned()
    if not keys:
        return data, Owned()
    gap = now.gap if now.keys else created and not _ends_with_blank(data)
    old = tuple(key for key in now.keys if key not in keys)
    after = edited(data, file, [SectionEdit(header, keys, old)])
    return after, Owned(tuple(keys), digest_of(keys), created, gap)


def _ends_with_blank(data: bytes) -> bool:
    lines = lines_of(data.decode(ini.native_encoding()))
    return not lines or not lines[-1].text.strip()


def _keys(world: World, target: Target, theirs: Mapping[str, object]) -> dict[str, str]:
    """Return what the section has to say now; nothing while a guarded profile is active (A3)."""
    active = _active(world)
    settings = _settings(world, active)
    if target == "process":
        return process_keys(settings, world.command)
    if active is None or is_guarded(active.name, world.guarded):
        return {}
    return without_taken(default_keys(active, settings, world.command), theirs)


def _active(world: World) -> Profile | None:
    """Return the active profile, None where it vanished (A7) or is one of ours."""
    name = read_active(world.paths.state)
    if name is None or name in PROFILE_OF.values():
        return None
    profiles = read_catalog(world.files).profiles
    return next((one for one in profiles if one.name == name), None)


def _settings(world: World, profile: Profile | None) -> Mapping[str, object]:
    if profile is None:
        return {}
    try:
        return profile_settings(world.files, profile.name)
    except NotFound:
        return {}


def _mirrored(world: World) -> tuple[str | None, str | None, str | None]:
    active = _active(world)
    if active is None:
        return (None, None, None)
    return (active.session, active.account_id, active.role_name)


def _credentials_file(world: World) -> bool:
    data = config_files.read(world.files.credentials)
    sections = ini.parse(data, str(world.files.credentials)) if data else {}
    return foreign_credentials(sections.get("default", {}))


def _refuse_foreign(world: World, target: Target) -> None:
    """
    Refuse to write into a section that gives credentials of the user's own (A3).

    Raises:
        UserMustAct: it does; file and line are named.
    """
    entry = read_applied(world.paths.state).get(target, Applied())
    path = world.files.config
    data = config_files.read(path) or b""
    section, header = _section(data, str(path), target)
    ours = any(one.keys and still_ours(section, one) for one in entry.owned)
    if target == "process":
        if section is not None and not ours:
            raise _in_the_way(path, data, header)
        return
    if section is not None and not ours and foreign_credentials(section):
        raise _in_the_way(path, data, header)
    if _credentials_file(world):
        path = world.files.credentials
        raise _in_the_way(path, config_files.read(path) or b"", "default")


def _in_the_way(path: Path, data: bytes, header: str) -> UserMustAct:
    line = ini.lines_of(data, {header}).get(header, 1)
    what = "is there already" if header != "default" else "gives credentials of its own"
    return UserMustAct(
        f"{clean(str(path), 160)}, line {line}: [{clean(header)}] {what}; it is left alone."
    )


def _write(state: Path, target: Target, entry: Applied) -> None:
    entries = read_applied(state)
    if entries.get(target, Applied()) == entry:
        return
    document: dict[str, Any] = {"version": 1}
    document |= {name: to_wire(one) for name, one in {**entries, target: entry}.items()}
    private_directory(state)
    write_atomic(state / "applied.json", json.dumps(document, indent=1).encode() + b"\n")


__all__ = [
    "TARGETS",
    "Applied",
    "World",
    "applies",
    "apply",
    "command_line",
    "follow",
    "problems",
    "read_applied",
    "take_back",
    "with_managed",
]
