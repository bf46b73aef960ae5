"""What is said about how the active profile takes effect."""

from __future__ import annotations

from tray.core.profiles.managed_profile import Target
from tray.core.text.display_names import clean


def applied(target: Target, active: str | None, *, guarded: bool) -> str:
    """Say what applies from now on, and what of it can be seen at this moment."""
    if target == "process":
        who = "none yet" if active is None else f'"{clean(active)}" now'
        return (
            f'The profile "sso-tray" gives the credentials of the active profile ({who}): name it '
            "in AWS_PROFILE or in your IDE."
        )
    if active is None:
        return "[default] follows the active profile, as soon as there is one: sso-tray use NAME"
    if guarded:
        return (
            f'[default] follows the active profile; "{clean(active)}" is guarded, so it is left '
            "out until another one is picked."
        )
    return f'[default] follows the active profile: a bare "aws" is "{clean(active)}" now.'


def taken_back(target: Target) -> str:
    """Say that a managed section is out again."""
    if target == "process":
        return 'The profile "sso-tray" is taken out of the AWS config.'
    return "[default] is as it was; it follows the active profile no longer."


def not_applied(target: Target) -> str:
    """Say that there was nothing of ours to take out."""
    section = "[profile sso-tray]" if target == "process" else "[default]"
    return f"Nothing of SSO Tray's stands in {section}: nothing was changed."


def theirs(target: Target) -> str:
    """Say that somebody else has changed a managed section, and what can be done."""
    section = "[profile sso-tray]" if target == "process" else "[default]"
    return (
        f"{section} is no longer as SSO Tray wrote it, or has credentials of its own beside it: "
        f'it is left alone. "sso-tray apply {target}" takes it up again once they are out.'
    )


def elsewhere(target: Target, file: str) -> str:
    """Say that a managed section stands in another config file."""
    return (
        f'"{target}" is applied in {clean(file, 160)} already: take it out there first '
        f"(AWS_CONFIG_FILE, sso-tray apply {target} --off)."
    )


def circle(name: str, source: str) -> str:
    """Say that a profile builds on a section that follows it."""
    return (
        f'[default] cannot follow "{clean(name)}": that profile takes its own credentials from '
        f'"{source}", which follows the active profile.'
    )


def in_effect(applies: tuple[str, ...]) -> str:
    """Say through what the active profile takes effect, for ``status``; empty: through nothing."""
    words = {
        "default": "bare aws and SDKs, by [default]",
        "process": "AWS_PROFILE=sso-tray",
        "shell": "this shell's prompt",
    }
    return ", ".join(words[one] for one in applies if one in words)


def unreadable(file: str, why: str) -> str:
    """Say that the record of the managed sections cannot be used, and what can be done."""
    return (
        f"{file} cannot be used{why}, so the sections that SSO Tray wrote into the AWS config are "
        "left as they are. Restore that file, or delete it and remove the sections by hand."
    )
