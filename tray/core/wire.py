"""How the rules' words cross a pipe: plain JSON values, each with the name of its type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tray.core import effects, events, model, outcomes, requests
from tray.core.profiles import managed_profile, profile_planning

_TYPES: Mapping[str, type[Any]] = {
    "ActiveRead": events.ActiveRead,
    "ConfigBroken": events.ConfigBroken,
    "ConfigRead": events.ConfigRead,
    "CredentialsGiven": events.CredentialsGiven,
    "Doubted": events.TokenRejected,
    "FileAbsent": events.FileAbsent,
    "FileBad": events.FileBad,
    "FileTorn": events.FileTorn,
    "JobDone": events.JobDone,
    "ListingFailed": events.ListingFailed,
    "Mood": events.SystemEvent,
    "PreferencesRead": events.PreferencesRead,
    "ProfileAdded": events.ProfileAdded,
    "QuitWanted": events.QuitRequested,
    "Recalled": events.RecordsRead,
    "ReleaseWanted": events.ReleaseRequested,
    "RenewWanted": events.RenewRequested,
    "RequesterLeft": events.RequesterLeft,
    "RolesListed": events.RolesListed,
    "SignInCancelled": events.SignInCancelled,
    "SignInFailed": events.SignInFailed,
    "SignInReady": events.SignInReady,
    "SignInWanted": events.SignInRequested,
    "SignOutWanted": events.SignOutRequested,
    "SignedIn": events.SignedIn,
    "SnoozeWanted": events.SnoozeRequested,
    "Stored": events.Stored,
    "Tick": events.Tick,
    "TokensRead": events.TokenFileInspected,
    "UseWanted": events.UseRequested,
    "AddProfile": effects.AddProfile,
    "Button": effects.Button,
    "CancelSignIn": effects.CancelSignIn,
    "ChangeSetting": effects.ChangeSetting,
    "CopyText": effects.CopyText,
    "ForgetCredentials": effects.ForgetCredentials,
    "Keep": effects.SaveMemory,
    "ListRoles": effects.ListRoles,
    "Note": effects.RecordHistory,
    "Notice": effects.Notice,
    "OpenBrowser": effects.OpenBrowser,
    "Quit": effects.Quit,
    "ReadTokens": effects.InspectTokenFile,
    "RecordActive": effects.RecordActive,
    "Report": effects.Report,
    "ShowNotice": effects.ShowNotice,
    "StartJob": effects.StartJob,
    "StartSignIn": effects.StartSignIn,
    "Tell": effects.Reply,
    "UnlockKeyring": effects.UnlockKeyring,
    "WithdrawNotice": effects.WithdrawNotice,
    "AddProfileWanted": requests.AddProfileRequested,
    "ConsoleWanted": requests.ConsoleRequested,
    "EnvironmentWanted": requests.EnvironmentRequested,
    "LinkWanted": requests.LinkRequested,
    "RolesWanted": requests.RolesRequested,
    "SetUpWanted": requests.SetUpRequested,
    "SettingWanted": requests.SettingRequested,
    "SignInAllWanted": requests.SignInAllRequested,
    "UnlockWanted": requests.UnlockRequested,
    "Adopted": outcomes.Adopted,
    "Failed": outcomes.Failed,
    "Refused": outcomes.Refused,
    "Released": outcomes.Released,
    "RemovalJudged": outcomes.RemovalJudged,
    "Renewed": outcomes.Renewed,
    "SignedOut": outcomes.SignedOut,
    "Unrenewable": outcomes.Unrenewable,
    "Applied": managed_profile.ManagedSection,
    "Owned": managed_profile.Owned,
    "Assignment": profile_planning.Assignment,
    "Catalog": model.Catalog,
    "Memory": model.Memory,
    "Now": model.Now,
    "Preferences": model.Preferences,
    "Profile": model.Profile,
    "SessionEnd": model.SessionEnd,
    "SsoSession": model.SsoSession,
    "TokenFacts": model.TokenFacts,
}
"""The tag of each value; a tag is part of the format and does not follow a class's name."""

_TAGS: Mapping[type[Any], str] = {kind: tag for tag, kind in _TYPES.items()}


def to_wire(value: object) -> Any:
    """
    Return a JSON-able form of a word of the rules.

    Raises:
        TypeError: the value holds something that is no word of the rules.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [to_wire(item) for item in value]
        case frozenset():
            return {"type": "frozenset", "items": sorted(map(str, value))}
        case Mapping():
            return {"type": "mapping", "items": {k: to_wire(v) for k, v in value.items()}}
    tag = _TAGS.get(type(value))
    if tag is not None and dataclasses.is_dataclass(value):
        fields = {f.name: to_wire(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": tag, **fields}
    msg = f"{type(value).__name__} does not cross a pipe"
    raise TypeError(msg)


def from_wire(document: Any) -> Any:
    """
    Return the word of the rules that ``to_wire`` wrote.

    Raises:
        ValueError: it is none.
    """
    if isinstance(document, list):
        return tuple(from_wire(item) for item in document)
    if not isinstance(document, dict):
        return document
    try:
        return _word(document)
    except (KeyError, TypeError, AttributeError):
        msg = f"this is no {str(document.get('type'))[:40]}"
        raise ValueError(msg) from None


def _word(document: dict[str, Any]) -> Any:
    name = document["type"]
    if name == "frozenset":
        return frozenset(document["items"])
    if name == "mapping":
        return {key: from_wire(item) for key, item in document["items"].items()}
    fields = {key: from_wire(item) for key, item in document.items() if key != "type"}
    return _TYPES[name](**fields)
