"""Which host each call asks, by setting and place: the rows, and the guide's table of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import tray

PAGE: Final = Path(tray.__file__).parent / "guide/files-and-settings.md"
OPENS: Final = "<!-- the hosts, drawn from the data: python -m tests.aws.calls.hosts_table -->\n"
CLOSES: Final = "<!-- end of the hosts -->"

REGION = "us-east-2"
SESSION = f"""
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = {REGION}
"""
PROFILE = f"""
[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Dev
region = {REGION}
"""
NAMED = """
[services own]
sso =
  endpoint_url = https://portal.example
sso_oidc =
  endpoint_url = https://oidc.example
sts =
  endpoint_url = https://sts.example
"""
PLAIN = ("oidc.us-east-2.amazonaws.com", "portal.sso.us-east-2.amazonaws.com",
         "sts.us-east-2.amazonaws.com")  # fmt: skip
FIPS = ("oidc-fips.us-east-2.amazonaws.com", "portal.sso-fips.us-east-2.amazonaws.com",
        "sts-fips.us-east-2.amazonaws.com")  # fmt: skip
DUALSTACK = ("oidc.us-east-2.api.aws", "portal.sso.us-east-2.api.aws",
             "sts.us-east-2.api.aws")  # fmt: skip
OWN = ("oidc.example", "portal.example", "sts.example")
EMULATOR = ("127.0.0.1", "127.0.0.1", "127.0.0.1")
BARE = "endpoint_url = http://127.0.0.1:9\n"

Hosts = tuple[str, str, str]
"""Of sign-in, portal and token service."""


@dataclass(frozen=True)
class Row:
    """
    A setting at a place.

    Args:
        ours, theirs: the hosts that we and botocore ask; ``theirs`` is ours where it is not given.
        default: the keys of ``[default]``.
        config: the rest of the config, after the session.
    """

    setting: str
    place: str
    ours: Hosts
    theirs: Hosts | None = None
    default: str = ""
    config: str = PROFILE
    credentials: str = ""
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def referee(self) -> Hosts:
        """The hosts that botocore asks."""
        return self.theirs or self.ours


FIPS_KEY, DUALSTACK_KEY = "use_fips_endpoint = true\n", "use_dualstack_endpoint = True\n"
OWN_KEY, IGNORED = "services = own\n", "ignore_configured_endpoint_urls = true\n"
_SERVICES = {
    f"AWS_ENDPOINT_URL_{name}": f"https://{host}"
    for name, host in zip(("SSO_OIDC", "SSO", "STS"), OWN, strict=True)
}
_VARIABLES = "`AWS_ENDPOINT_URL_SSO_OIDC`, `_SSO`, `_STS`"

ROWS: Final = {
    "nothing": Row("none", "", PLAIN),
    "default-fips": Row("`use_fips_endpoint`", "`[default]`", PLAIN, default=FIPS_KEY),
    "profile-fips": Row(
        "`use_fips_endpoint`", "the profile, in the config", FIPS, config=PROFILE + FIPS_KEY
    ),
    "credentials-fips": Row(
        "`use_fips_endpoint`", "the profile, in the credentials file", FIPS,
        credentials=f"[dev]\n{FIPS_KEY}",
    ),
    "variable-fips": Row(
        "`use_fips_endpoint`", "`AWS_USE_FIPS_ENDPOINT`", FIPS,
        environ={"AWS_USE_FIPS_ENDPOINT": "true"},
    ),
    "variable-beats-profile": Row(
        "`use_fips_endpoint`", "the profile, and `AWS_USE_FIPS_ENDPOINT=false`", PLAIN,
        config=PROFILE + FIPS_KEY, environ={"AWS_USE_FIPS_ENDPOINT": "false"},
    ),
    "default-dualstack": Row(
        "`use_dualstack_endpoint`", "`[default]`", PLAIN, default=DUALSTACK_KEY
    ),
    "profile-dualstack": Row(
        "`use_dualstack_endpoint`", "the profile, in the config", DUALSTACK,
        config=PROFILE + DUALSTACK_KEY,
    ),
    "credentials-dualstack": Row(
        "`use_dualstack_endpoint`", "the profile, in the credentials file", DUALSTACK,
        credentials=f"[dev]\n{DUALSTACK_KEY}",
    ),
    "variable-dualstack": Row(
        "`use_dualstack_endpoint`", "`AWS_USE_DUALSTACK_ENDPOINT`", DUALSTACK,
        environ={"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    ),
    "default-services": Row(
        "`services`", "`[default]`", PLAIN, default=OWN_KEY, config=PROFILE + NAMED
    ),
    "profile-services": Row(
        "`services`", "the profile, in the config", OWN, config=PROFILE + OWN_KEY + NAMED
    ),
    "credentials-services": Row(
        "`services`", "the profile, in the credentials file", OWN, config=PROFILE + NAMED,
        credentials=f"[dev]\n{OWN_KEY}",
    ),
    "services-ignored": Row(
        "`services`, `ignore_configured_endpoint_urls`", "the profile", PLAIN,
        config=PROFILE + OWN_KEY + IGNORED + NAMED,
    ),
    "variable-services": Row("`services`", _VARIABLES, OWN, environ=_SERVICES),
    "variable-services-ignored": Row(
        "`services`", f"{_VARIABLES}, and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`", PLAIN,
        environ={**_SERVICES, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ),
    "variable-services-ignored-by-profile": Row(
        "`services`, `ignore_configured_endpoint_urls`",
        "`AWS_ENDPOINT_URL_SSO_OIDC`, `_SSO`, `_STS`; the profile", PLAIN,
        config=PROFILE + IGNORED, environ=_SERVICES,
    ),
    "ignored-by-profile-not-by-variable": Row(
        "`services`, `ignore_configured_endpoint_urls`",
        "the profile, and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false`", OWN,
        config=PROFILE + OWN_KEY + IGNORED + NAMED,
        environ={"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
    ),
    "default-endpoint": Row("`endpoint_url`", "`[default]`", PLAIN, default=BARE),
    # The one difference, on purpose: a bare endpoint is an emulator's, and gets no secret.
    "profile-endpoint": Row(
        "`endpoint_url`", "the profile", PLAIN, EMULATOR, config=PROFILE + BARE
    ),
    "variable-endpoint": Row(
        "`endpoint_url`", "`AWS_ENDPOINT_URL`", PLAIN, EMULATOR,
        environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    ),
    # boto3 alone knows it; the AWS CLI asks the region, as we do.
    "profile-legacy-sts": Row(
        "`sts_regional_endpoints = legacy`", "the profile", PLAIN,
        (*PLAIN[:2], "sts.amazonaws.com"), config=f"{PROFILE}sts_regional_endpoints = legacy\n",
    ),
}  # fmt: skip


def table() -> str:
    """Return the table, a row for each setting and place."""
    head = (
        "| setting | place | RegisterClient, CreateToken | portal | STS | boto3 |",
        "|---|---|---|---|---|---|",
    )
    return "\n".join((*head, *(_line(row) for row in ROWS.values()), ""))


def _line(row: Row) -> str:
    hosts = " | ".join(f"`{host}`" for host in row.ours)
    others = [
        f"`{theirs}`" for ours, theirs in zip(row.ours, row.referee, strict=True) if ours != theirs
    ]
    boto3 = ", ".join(dict.fromkeys(others)) or "the same"
    return f"| {row.setting} | {row.place} | {hosts} | {boto3} |"


def documented(page: str) -> str:
    """Return a page with the table between its two marks."""
    head, _, rest = page.partition(OPENS)
    return head + OPENS + table() + CLOSES + rest.partition(CLOSES)[2]


if __name__ == "__main__":
    PAGE.write_text(documented(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
