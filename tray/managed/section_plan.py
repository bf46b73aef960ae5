"""Plan what a managed section of the AWS config must say; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tray.aws.config import config_files, ini
from tray.aws.config.catalog import every_profile, profile_settings, read_catalog
from tray.aws.config.config_edit import SectionEdit, edited, inherited, written_header
from tray.aws.config.config_files import ConfigFiles
from tray.aws.config.config_layout import Line, lines_of, section_span
from tray.aws.config.credential_process import command_line
from tray.core.model import Profile
from tray.core.profiles.guards import is_guarded
from tray.core.profiles.managed_profile import (
    NOTHING,
    PLACE,
    PROFILE_OF,
    ManagedSection,
    Owned,
    Target,
    default_keys,
    digest_of,
    digests_of,
    foreign_credentials,
    only,
    ours_in,
    process_keys,
    without_taken,
)
from tray.core.profiles.source_chain import source_chain
from tray.core.text import managed_text
from tray.errors import ConfigRejected, NotFound, UserMustAct
from tray.storage.active_profile import read_active
from tray.system.paths import Paths
from tray.values import dataclass


@dataclass(frozen=True, slots=True)
class ManagedContext:
    paths: Paths
    # patterns of profiles that are never switched to automatically; None: not known
    guarded: tuple[str, ...] | None
    # installs the credential helper and returns its argv; called only when needed
    hand_out: Callable[[], tuple[str, ...]]

    @property
    def files(self) -> ConfigFiles:
        return ConfigFiles(self.paths.aws_config, self.paths.aws_credentials)

    def command(self) -> str:
        """The helper's command line; `UserMustAct` if not every SDK could read it."""
        return command_line(self.hand_out())


@dataclass(frozen=True, slots=True)
class SectionPlan:
    after: bytes  # the file's new bytes
    entry: ManagedSection  # what holds once they are written
    now: Owned = NOTHING  # what of ours is in the file until then
    refusal: UserMustAct | None = None  # why the active profile is not what was written
    before: tuple[str, ...] = ()  # the digests of what we wrote until then

    @property
    def meanwhile(self) -> ManagedSection:
        """What holds from before the write until after it, whenever we are killed."""
        written = tuple(dict.fromkeys((*self.before, *self.entry.written)))
        owned = (self.now, *self.entry.owned)
        return replace(self.entry, theirs=False, owned=owned, written=written)


def planned(
    world: ManagedContext,
    target: Target,
    data: bytes,
    known: ManagedSection,
    *,
    wanted: bool,
    typed: bool,
) -> SectionPlan:
    """
    Return what to do with one section of the config file.

    If the active profile cannot be written, the previous one is still taken out: a bare ``aws``
    must never use another account (A7). `typed` means that the user has just asked for it: then
    what is impossible, with nothing of ours there, raises `UserMustAct`.
    """
    file = str(world.files.config)
    section, header = section_of(data, file, target)
    found = section if section is not None else inherited(data, file)
    now, whole = ours_in(section or {}, known)
    theirs = {key: value for key, value in found.items() if key not in now.keys}
    entry = replace(known, file=file, wanted=wanted, theirs=False)
    if wanted and not (
        (typed or (whole and not known.theirs))
        and is_free(target, section, theirs, now)
        and not (target == "default" and credentials_file(world) is not None)
    ):
        after, left = _given_up(data, file, header, found, now)
        return SectionPlan(after, replace(entry, theirs=True, owned=(left,)), now)
    refusal = None
    try:
        keys = _keys(world, target, theirs, now) if wanted else {}
        if keys and now.keys == tuple(keys) and now.digest == digest_of(keys):
            entry = replace(entry, owned=(now,), written=digests_of(keys))
            return SectionPlan(data, entry, now)
        after, owned = _written(data, file, header, keys, now)
    except ConfigRejected:
        raise
    except UserMustAct as error:
        if typed and not now.keys:
            raise
        refusal, keys = error, {}
        after, owned = _written(data, file, header, keys, now)
    if target == "default" and owned.keys:
        owned = replace(owned, mirrors=_mirrored(world))
    return SectionPlan(
        after,
        replace(entry, owned=(owned,), written=digests_of(keys)),
        now,
        refusal,
        known.written,
    )


def _given_up(
    data: bytes, file: str, header: str, found: Mapping[str, object], now: Owned
) -> tuple[bytes, Owned]:
    """Take our credentials out of a section that became the user's, but not its region."""
    left = only(now, {key: str(found[key]) for key in now.keys if key in PLACE})
    if not left.keys:
        return _written(data, file, header, {}, now)
    gone = tuple(key for key in now.keys if key not in PLACE)
    return edited(data, file, [SectionEdit(header, remove=gone)]), left


def is_free(target: Target, section: object, theirs: Mapping[str, object], now: Owned) -> bool:
    """Whether a section holds nothing that ours would mix with."""
    if target == "process":
        return section is None or (bool(now.keys) and foreign_credentials(theirs) is None)
    return foreign_credentials(theirs) is None


def section_of(
    data: bytes, file: str, target: Target
) -> tuple[Mapping[str, object] | None, str]:  # fmt: skip
    header = written_header(data, file, "profile", PROFILE_OF[target])
    if header is None:
        return None, _header(target)
    return ini.parse(data, file)[header], header


def _header(target: Target) -> str:
    return "default" if target == "default" else f"profile {PROFILE_OF[target]}"


def _written(
    data: bytes, file: str, header: str, keys: Mapping[str, str], now: Owned
) -> tuple[bytes, Owned]:
    lines = lines_of(data.decode(ini.native_encoding()))
    span = section_span(lines, header)
    created = span is None or (now.created and _nothing_else(lines[span.start : span.stop], now))
    if not keys:
        if not now.keys:
            return data, NOTHING
        drop = SectionEdit(header, drop=True, gap=now.gap)
        edit = drop if created else SectionEdit(header, remove=now.keys)
        return edited(data, file, [edit]), NOTHING
    gap = now.gap if now.keys else created and bool(lines) and bool(lines[-1].text.strip())
    old = tuple(key for key in now.keys if key not in keys)
    after = edited(data, file, [SectionEdit(header, keys, old)])
    return after, Owned(tuple(keys), digest_of(keys), created, gap)


def _nothing_else(section: Sequence[Line], now: Owned) -> bool:
    return not any(
        (line.kind == "option" and line.name not in now.keys)
        or (line.kind == "rest" and line.text.strip())
        for line in section
    )


def _keys(
    world: ManagedContext, target: Target, theirs: Mapping[str, object], now: Owned
) -> dict[str, str]:
    """Nothing while a guarded profile is active (A3); where guards are unknown, what stands."""
    active = _active(world)
    settings = _settings(world, active)
    if target == "process":
        return process_keys(settings, world.command())
    if active is None:
        return {}
    if world.guarded is None and not now.keys:
        raise UserMustAct(managed_text.guard_unknown())
    if world.guarded is not None and is_guarded(active.name, world.guarded):
        return {}
    _refuse_circle(world, active.name, settings)
    return without_taken(default_keys(active, settings, world.command), theirs)


def _refuse_circle(world: ManagedContext, name: str, settings: Mapping[str, object]) -> None:
    """Refuse a profile whose credentials come from a managed section: that would be a circle."""
    source = settings.get("source_profile")
    if isinstance(source, str):
        for each in source_chain(source, every_profile(world.files)):
            if each in PROFILE_OF.values():
                raise UserMustAct(managed_text.circle(name, each))


def _active(world: ManagedContext) -> Profile | None:
    """None if it vanished (A7) or is a managed one."""
    name = read_active(world.paths.state)
    if name is None or name in PROFILE_OF.values():
        return None
    profiles = read_catalog(world.files).profiles
    return next((one for one in profiles if one.name == name), None)


def _settings(world: ManagedContext, profile: Profile | None) -> Mapping[str, object]:
    if profile is None:
        return {}
    try:
        return profile_settings(world.files, profile.name)
    except NotFound:
        return {}


def _mirrored(world: ManagedContext) -> tuple[str | None, str | None, str | None]:
    active = _active(world)
    if active is None:
        return (None, None, None)
    return (active.session, active.account_id, active.role_name)


def credentials_file(world: ManagedContext) -> str | None:
    """Return by which key the credentials file has a ``[default]`` of its own, if so."""
    data = config_files.read(world.files.credentials)
    sections = ini.parse(data, str(world.files.credentials)) if data else {}
    return foreign_credentials(sections.get("default", {}))
