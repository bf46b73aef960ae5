"""Unusual forms of a config file, and whether each client reads the profile that is written so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.clients.desk import ACCOUNT
from tests.clients.matrix.programs import Program
from tests.clients.matrix.seen import Seen
from tests.clients.matrix.stage import SECOND, stage, who
from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL

URL: Final = f"sso_start_url = {DEFAULT_START_URL}\n"
CORP: Final = f"[sso-session corp]\n{URL}sso_region = {DEFAULT_REGION}\n"
SCOPES: Final = "sso_registration_scopes = sso:account:access\n"
REGION: Final = f"region = {DEFAULT_REGION}\n"
SESSION: Final = "sso_session = corp\n"
ROLE: Final = "sso_role_name = ReadOnly\n"
FIRST: Final = f"sso_account_id = {ACCOUNT}\n"
OTHER: Final = f"sso_account_id = {SECOND}\n"
DEV: Final = "[profile dev]\n"
WHOLE: Final = f"{SESSION}{FIRST}{ROLE}{REGION}"
BYSTANDER: Final = f"[profile plain]\n{WHOLE}"


@dataclass(frozen=True, slots=True)
class Form:
    """
    A form that clients may read differently.

    Args:
        config: the profile that is written so, with whatever else it takes.
        profile: its name; empty for ``[default]``.
        session: the session's section.
        credentials: the credentials file.
    """

    config: str
    profile: str = "dev"
    session: str = CORP + SCOPES
    credentials: str = ""


FORMS: Final[Mapping[str, Form]] = {
    "colon": Form(f"{DEV}sso_session : corp\n{FIRST}{ROLE}{REGION}"),
    "upper-case": Form(f"{DEV}{SESSION}{FIRST.upper()}{ROLE}{REGION}"),
    "indented": Form(f"{DEV}  {WHOLE}"),
    "quoted-name": Form(f'[profile "dev"]\n{WHOLE}'),
    "quoted-value": Form(f'{DEV}{SESSION}{FIRST}sso_role_name = "ReadOnly"\n{REGION}'),
    "two-defaults": Form(
        f"[profile default]\n{SESSION}{OTHER}{ROLE}{REGION}[default]\n{WHOLE}", ""
    ),
    "default-section": Form(f"[DEFAULT]\n{FIRST}{DEV}{SESSION}{ROLE}{REGION}"),
    "url-beside-session": Form(f"{DEV}{URL}{WHOLE}"),
    "account-in-session": Form(f"{DEV}{SESSION}{ROLE}{REGION}", session=CORP + SCOPES + FIRST),
    "no-scopes": Form(f"{DEV}{WHOLE}", session=CORP),
    "boolean": Form(f"{DEV}{WHOLE}disable_request_compression = True\n"),
    "tilde-bundle": Form(f"{DEV}{WHOLE}ca_bundle = ~/ca.pem\n"),
    "tilde-process": Form(f"{DEV}credential_process = ~/helper\n{REGION}"),
    "loose-word": Form(f"{DEV}{WHOLE}[profile-off dev]\n{SESSION}{OTHER}{ROLE}{REGION}"),
    "unread-section": Form(f"[Profile dev]\n{WHOLE}"),
    "repeated key": Form(f"{DEV}{WHOLE}{OTHER}"),
    "repeated section": Form(f"{DEV}{WHOLE}{DEV}{OTHER}"),
    "two defaults, [default] first": Form(
        f"[default]\n{WHOLE}[profile default]\n{SESSION}{OTHER}{ROLE}{REGION}", ""
    ),
    "account and role in the session": Form(
        f"{DEV}{SESSION}{REGION}", session=CORP + SCOPES + FIRST + ROLE
    ),
    "garbage line": Form(f"{DEV}{WHOLE}this is no key\n"),
    "half a key pair": Form(f"{DEV}{WHOLE}aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"),
    "keys beside SSO": Form(
        f"{DEV}{WHOLE}aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = invented\n"
    ),
    "comment after a value": Form(f"{DEV}{SESSION}{FIRST}{ROLE.strip()} # mine\n{REGION}"),
    "blank in a name": Form(f'[profile "my dev"]\n{WHOLE}', "my dev"),
    "role in the credentials file": Form(
        f"{DEV}{SESSION}{FIRST}{REGION}", credentials=f"[dev]\n{ROLE}"
    ),
}
"""The first ones are named as :data:`tray.core.doctor.findings.Quirk` names them."""

_HELPER: Final = "#!/bin/sh\nexec python -m tray credentials --profile plain\n"


def form(one: Form) -> Callable[[Program], Seen]:
    """Return a cell: who a client is, and where it is nobody, whether another profile is read."""

    def cell(program: Program) -> Seen:
        config = f"{one.session}\n{one.config}\n{BYSTANDER}"
        with stage(program, config) as on:
            home = Path(on.env["HOME"])
            (home / ".aws/credentials").write_text(one.credentials)
            (home / "ca.pem").write_text("")
            (home / "helper").write_text(_HELPER)
            (home / "helper").chmod(0o700)
            on.desk.keep("lean", minutes=60)
            seen, why = who(on.once(one.profile)), on.told.error
            if seen == "no" and who(on.once("plain")) == "no":
                seen = "whole file"
            return Seen(seen, why)

    return cell
