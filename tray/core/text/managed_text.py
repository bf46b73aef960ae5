"""Sentences about how the active profile takes effect in the AWS config."""

from __future__ import annotations

from tray.core.text.display_names import clean
from tray.core.text.shell_commands import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tray.core.profiles.managed_profile import Target


def applied(target: Target, active: str | None, *, guarded: bool) -> str:
    if target == "process":
        who = "none yet" if active is None else f'now "{clean(active)}"'
        return (
            f'The profile "sso-tray" provides the active profile\'s credentials ({who}). Select '
            "it in AWS_PROFILE or in your IDE."
        )
    if active is None:
        return "[default] will follow the active profile. Pick one: sso-tray use PROFILE"
    if guarded:
        return (
            f'[default] follows the active profile, but "{clean(active)}" is guarded, so '
            "[default] stays empty until you pick another one."
        )
    return f'[default] follows the active profile, now "{clean(active)}".'


def taken_back(target: Target) -> str:
    if target == "process":
        return 'SSO Tray\'s keys are out of the profile "sso-tray".'
    return "SSO Tray's keys are out of [default], which no longer follows the active profile."


def not_applied(target: Target) -> str:
    return f"{_section(target)} has nothing from SSO Tray. No changes made."


def theirs(target: Target) -> str:
    return (
        f"{_section(target)} has credentials that SSO Tray didn't write, or has lost some that it "
        "wrote, so SSO Tray removed its own and no longer updates it. To make it follow the "
        f"active profile again, remove the others and run: sso-tray apply {target}. To keep them, "
        f"run: sso-tray apply {target} --off"
    )


def exists(place: str) -> str:
    return f"{place} already exists, so SSO Tray leaves it alone. Rename or remove that section."


def has_credentials(place: str, key: str) -> str:
    return f"{place} has {key}, so SSO Tray leaves its credentials alone. Rename that section."


def guard_unknown(problems: Sequence[str] = ()) -> str:
    """Say why by the problem of the settings that is about the guard, or else by the first."""
    why = [one for one in problems if "guarded" in one] or problems
    return (
        " ".join(why[:1])
        + (" " if why else "")
        + (
            "SSO Tray doesn't know which profiles are guarded until its settings are fixed, so no "
            "other profile can be picked."
        )
    )


def guarded_by_name(name: str) -> str:
    return f'"{clean(name)}" is guarded. Name it in full: sso-tray use {quoted(name)}'


def picked_elsewhere(file: str) -> str:
    """The name may be another account in the other config."""
    return (
        f"The active profile is that of {clean(file, 160)} and would change there, too. Name the "
        "profile by --profile or AWS_PROFILE, or give this config an SSO Tray of its own: "
        "sso-tray guide files-and-settings"
    )


def elsewhere(target: Target, file: str) -> str:
    return (
        f'"{target}" is already applied in {clean(file, 160)}. Set AWS_CONFIG_FILE to that file '
        f"and run: sso-tray apply {target} --off"
    )


def circle(name: str, source: str) -> str:
    return (
        f'[default] can\'t follow "{clean(name)}": it gets its credentials from "{source}", '
        "which follows the active profile."
    )


def unreadable(file: str, why: str) -> str:
    return (
        f"{file} cannot be used{why}, so the sections that SSO Tray wrote into the AWS config are "
        "left as they are. Restore that file, or delete it and remove the sections by hand."
    )


def _section(target: Target) -> str:
    return "[profile sso-tray]" if target == "process" else "[default]"
