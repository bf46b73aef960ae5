"""How clients of AWS read unusual forms of a config file: what each of them did, as measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from tray.core.doctor.findings import Quirk, Verdict
from tray.core.text.sentences import listed
from tray.values import dataclass

Client = Literal[
    "AWS CLI", "boto3", "JavaScript", "Go", "Go v1", "Terraform", "Java", "Rust", "C++",
    "IDE toolkits",
]  # fmt: skip

_READ_ONLY: Final = "it is read only"
_UNREAD: Final = "it isn't read"
_NO_PROFILE: Final = "no profile of the whole file is read"
_REFUSED: Final = "it is refused"
_OURS: Final[tuple[Client, ...]] = ("AWS CLI", "boto3")


@dataclass(frozen=True, slots=True)
class Form:
    what: str  # what is written, as a clause
    cells: Mapping[str, tuple[Client, ...]]  # by what happens; clients not named: as the AWS CLI
    remedy: str
    verdict: Verdict = "note"


FORMS: Final[dict[Quirk, Form]] = {
    "colon": Form(
        'a ":" separates key and value',
        {_UNREAD: ("JavaScript",), _NO_PROFILE: ("Java", "Rust", "C++")},
        'use "="',
    ),
    "upper-case": Form(
        "a key is in upper case", {_UNREAD: ("JavaScript", "Go v1", "Java", "C++")},
        "use lower case",
    ),
    "indented": Form(
        "a section's first key is indented", {_NO_PROFILE: ("Java", "Rust")},
        "start it at the margin",
    ),
    "quoted-name": Form(
        "a section's name is in quotes", {_READ_ONLY: (*_OURS, "JavaScript")},
        "remove the quotes",
    ),
    "quoted-value": Form(
        "a value is in quotes, which become part of it",
        {"they are removed": ("Go", "Go v1", "Terraform")},
        "remove the quotes", "problem",
    ),
    "two-defaults": Form(
        "[default] and [profile default] both exist",
        {
            "the later one is used": (*_OURS, "C++"),
            "[default] is used": ("Go v1",),
            "[profile default] is used": ("JavaScript", "Go", "Terraform", "Java", "Rust"),
        },
        "keep [default] only",
    ),
    "default-section": Form(
        "[DEFAULT] gives its keys to every section", {_READ_ONLY: _OURS},
        "write the keys in each profile",
    ),
    "url-beside-session": Form(
        "a profile repeats sso_start_url beside its sso_session", {_REFUSED: ("Rust",)},
        "keep it in the sso-session",
    ),
    "account-in-session": Form(
        "account or role are in the sso-session",
        {_READ_ONLY: _OURS, "no profile of that session is read": ("Java",)},
        "write sso_account_id and sso_role_name in each profile",
    ),
    "no-scopes": Form(
        "an sso-session has no sso_registration_scopes", {_REFUSED: ("IDE toolkits",)},
        "add: sso_registration_scopes = sso:account:access",
    ),
    "other-scopes": Form(
        "sso_registration_scopes lack sso:account:access, so AWS gives no credentials", {},
        "add sso:account:access", "problem",
    ),
    "boolean": Form(
        "the value of disable_request_compression isn't in lower case",
        {_REFUSED: ("Go", "Terraform")},
        "use lower case",
    ),
    "tilde-bundle": Form(
        'ca_bundle begins with "~"', {_REFUSED: ("Go", "Go v1", "Terraform")},
        "write the whole path",
    ),
    "tilde-process": Form(
        'credential_process has "~" or "$", which a shell expands',
        {"it is taken as it is": _OURS}, "write the whole path",
    ),
    "loose-word": Form(
        'a section\'s first word only begins with "profile" or "sso-session"',
        {"it is read instead of the one with that name": _OURS},
        "to switch a section off, put # before each of its lines", "problem",
    ),
    "unread-section": Form(
        "a section is neither profile nor sso-session, so nothing reads it", {},
        'begin it with "profile" or "sso-session", in lower case',
    ),
    "shell-line": Form(
        "a line for a shell, where it sets a variable of AWS, sets nothing here", {},
        "remove it; to sign in: sso-tray add", "problem",
    ),
    "portal-keys": Form(
        "a section copied from the access portal is for ~/.aws/credentials", {_UNREAD: _OURS},
        "remove it: its keys end within hours; to sign in: sso-tray add", "problem",
    ),
    "temporary-keys": Form(
        "a profile has temporary keys (aws_session_token), which end within hours and which "
        "nothing here renews", {}, "for a profile that lasts: sso-tray add",
    ),
}  # fmt: skip
"""Measured side by side; a repeated key or section ends boto3 and the AWS CLI before these."""


def described(form: Form, where: str) -> str:
    """Say where it is, what is written, and who does what with it."""
    effects = "".join(f"; {effect} by {_by(clients)}" for effect, clients in form.cells.items())
    return f"{where}: {form.what}{effects}."


def _by(clients: tuple[Client, ...]) -> str:
    sdks = [one for one in clients if one not in (*_OURS, "Terraform", "IDE toolkits")]
    named = ["the AWS CLI" if one == "AWS CLI" else one for one in clients if one not in sdks]
    if sdks:
        named.append(f"the {listed(sdks)} SDK{'' if len(sdks) == 1 else 's'}")
    return listed(named)
