"""What config and environment do to profiles; names are grouped, so large configs fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tray.core.connection import disagreement
from tray.core.doctor.config_forms import FORMS, described
from tray.core.doctor.findings import Facts, Finding, note, ok, problem, written_by_people
from tray.core.model import Catalog
from tray.core.profiles.bare_client import AwsFiles
from tray.core.profiles.guards import MANAGED_PROFILE, is_guarded, shell_follows
from tray.core.profiles.source_chain import source_chain
from tray.core.profiles.start_url import normal_start_url
from tray.core.text.bare_text import bare_clients
from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, listed
from tray.core.text.shell_commands import quoted

SHOWN: Final = 3
"""Names or sentences of one kind to list before counting the rest."""

_JS_NAME: Final = re.compile(r"[\w\-@+.%:/]+", re.ASCII)
_COMMENT: Final = re.compile(r"\s[#;]")
_STATIC: Final = frozenset({"aws_access_key_id", "aws_secret_access_key"})
_SSO: Final = frozenset({"sso_session", "sso_start_url"})
_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_WEB: Final = "AWS_WEB_IDENTITY_TOKEN_FILE"
_GIVE: Final = _STATIC | _SSO | {
    "credential_process", "credential_source", "login_session", "role_arn",
    "web_identity_token_file",
}  # fmt: skip
"""Keys with which a profile gives credentials."""
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def config(facts: Facts) -> Iterator[Finding]:
    if facts.config_problem is not None:
        remedy = "fix that line; until then the AWS CLI and boto3 fail"
        others = " Every other SDK and Terraform go on, with the last value of each key."
        more = others if facts.config_repeats else ""
        yield problem("config", f"{facts.config_problem}{more}", remedy)
        return
    if facts.catalog is None:
        return
    catalog = facts.catalog
    if not catalog.profiles and not catalog.sessions:
        yield note("config", "No profile yet.", "sso-tray add")
        return
    sessions, profiles = len(catalog.sessions), len(catalog.profiles)
    counts = f"{counted(sessions, 'session')}, {counted(profiles, 'profile')}"
    unusable = list(_unusable(catalog))
    if unusable:
        yield ok("config", f"Readable, but not all of it is usable: {counts}.")
    else:
        yield ok("config", f"The AWS CLI and boto3 accept it: {counts}.")
    for sentence in unusable[:SHOWN]:
        yield problem("config", sentence, f"fix it in {facts.config_place}")
    if len(unusable) > SHOWN:
        more = counted(len(unusable) - SHOWN, "more entry", "more entries")
        yield problem("config", f"{more} can't be used.", "sso-tray profiles")
    yield from _circles(facts)
    yield from _built_on_ours(facts, catalog)
    yield from _differing(facts, catalog)
    yield from _connections(catalog, facts.reached_by)
    yield from _spellings(catalog)


def _unusable(catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong; a session's fault once, not for each of its profiles."""
    yield from catalog.problems
    broken = {one.key for one in catalog.sessions if one.problem is not None}
    yield from (one.problem for one in catalog.sessions if one.problem is not None)
    for one in catalog.profiles:
        if one.problem is not None and one.session not in broken:
            yield one.problem


def _circles(facts: Facts) -> Iterator[Finding]:
    """Find profiles that ask SSO Tray for what SSO Tray would have to ask them for (F3)."""
    for name, asked in facts.calls.items():
        wanted = asked if asked is not None else facts.active
        if wanted is None or name == wanted:
            circle = name == wanted
        else:
            circle = any(one in facts.calls for one in source_chain(wanted, facts.settings))
        if circle:
            yield problem(
                "config",
                f'The profile "{clean(name)}" asks SSO Tray for "{clean(wanted or name)}", which '
                "asks SSO Tray in turn, so neither gets credentials.",
                "name another profile after --profile in its credential_process",
            )


def _built_on_ours(facts: Facts, catalog: Catalog) -> Iterator[Finding]:
    """Find an active profile whose source is the managed one that follows it (F3)."""
    if facts.active is None:
        return
    for name in source_chain(facts.active, facts.settings):
        if name == MANAGED_PROFILE or name in catalog.managed:
            yield problem(
                "config",
                f'The active profile "{clean(facts.active)}" builds on "{clean(name)}", which '
                "follows the active profile, so neither gets credentials.",
                "name another source_profile",
            )
            return


def _connections(
    catalog: Catalog, reached_by: tuple[tuple[str, tuple[str, ...]], ...]
) -> Iterator[Finding]:
    """Find settings for reaching AWS that sign-in and renewal do not follow (F3)."""
    own = dict(reached_by)
    for one in catalog.sessions:
        sentence = disagreement(one.key, one.disagreements, own.get(one.key, ()))
        if sentence is not None:
            yield note("config", sentence, "give all of them the same value")


def _spellings(catalog: Catalog) -> Iterator[Finding]:
    """Find sessions of one portal, spelled differently: each needs its own sign-in."""
    portals: dict[str, set[str]] = {}
    for one in catalog.sessions:
        portals.setdefault(normal_start_url(one.start_url).casefold(), set()).add(one.start_url)
    for spellings in portals.values():
        if len(spellings) > 1:
            ways = f"{len(spellings)} ways, which takes as many sign-ins"
            sentence = f"One access portal is written in {ways}."
            yield Finding("config", "note", sentence, "use one sso-session for it")


def _differing(facts: Facts, catalog: Catalog) -> Iterator[Finding]:
    """Find what works in one SDK and fails in another (measured)."""
    every = written_by_people(facts, catalog)
    dropped = [f'profile "{clean(name)}"' for name in every if not _JS_NAME.fullmatch(name)]
    dropped += [
        f'sso-session "{clean(one.key)}"'
        for one in catalog.sessions
        if not one.legacy and not _JS_NAME.fullmatch(one.key)
    ]
    if dropped:
        yield note(
            "config",
            f"Not every client reads {listed(dropped, SHOWN)}: names with spaces are read by the "
            "AWS CLI and boto3 alone, some special characters not by the JavaScript SDK.",
            "rename with letters, digits and - _ . @ + % : /",
        )
    both = [name for name, keys in every.items() if keys.keys() >= _STATIC and keys.keys() & _SSO]
    if both:
        yield note(
            "config",
            f"{_profiles(both)} both keys and SSO: the AWS CLI, boto3 and the Java and Rust SDKs "
            "use SSO, Terraform and the Go, JavaScript and C++ SDKs the keys.",
            "keep one of them",
        )
    commented = [
        f"{clean(key)} of {clean(name)}"
        for name, keys in every.items()
        for key, value in keys.items()
        if isinstance(value, str) and key not in _STATIC and _COMMENT.search(value)
    ]
    if commented:
        yield note(
            "config",
            f"A comment follows {listed(commented, SHOWN)}: the AWS CLI and boto3 read it as part "
            "of the value, other SDKs don't.",
            "put the comment on its own line",
        )
    for quirk, form in FORMS.items():
        lines = [str(line) for found, line in facts.quirks if found == quirk]
        if lines:
            where = f"{'Line' if len(lines) == 1 else 'Lines'} {listed(lines, SHOWN)}"
            yield Finding("config", form.verdict, described(form, where), form.remedy)
    half = [name for name, keys in every.items() if len(keys.keys() & _STATIC) == 1]
    together = "add or remove aws_access_key_id and aws_secret_access_key together"
    beside = [name for name in half if every[name].keys() & _SSO]
    if beside:
        refused = "half a key pair beside SSO, which Terraform and the Go SDK refuse."
        yield note("config", f"{_profiles(beside)} {refused}", together)
    alone = [name for name in half if name not in beside]
    if alone:
        fail = "only half a key pair, so the AWS CLI and boto3 fail."
        yield problem("config", f"{_profiles(alone)} {fail}", together)
    wrong = [
        f"{clean(str(keys['sso_account_id']))} of {clean(name)}"
        for name, keys in every.items()
        if "sso_account_id" in keys and not _ACCOUNT.fullmatch(str(keys["sso_account_id"]))
    ]
    if wrong:
        yield problem(
            "config",
            f"An account id has 12 digits and nothing else: {listed(wrong, SHOWN)}.",
            "correct sso_account_id",
        )
    elsewhere = [name for name, keys in every.items() if "endpoint_url" in keys]
    if elsewhere:
        yield note(
            "config",
            f"{_profiles(elsewhere)} an endpoint_url: the AWS CLI also signs in there, SSO Tray "
            "doesn't.",
            'set the endpoints of sso and sso_oidc in a "services" section',
        )


def profile(facts: Facts) -> Iterator[Finding]:
    environ = facts.environ
    if facts.active is not None:
        yield from _active(facts, facts.active)
    yield from _guards(facts)
    here = _bare(facts, environ) if facts.catalog is not None else ""
    more = f" {here}" if here != _bare(facts, {}) else ""
    for one in (*_credentials_of(environ), *_exported(facts)):
        yield replace(one, sentence=one.sentence + more)
        more = ""
    if more and any(name.startswith("AWS_CONTAINER_") for name in environ):
        yield note("environment", here)
    region = "AWS_REGION" if environ.get("AWS_REGION") else "AWS_DEFAULT_REGION"
    own = facts.settings.get(facts.active or "", {}).get("region")
    if environ.get(region) and own is not None and own != environ[region]:
        yield note(
            "environment",
            f"{region}={clean(environ[region])} overrides the active profile's region here.",
            f"unset {region}",
        )


def _guards(facts: Facts) -> Iterator[Finding]:
    names = [one.name for one in facts.catalog.profiles] if facts.catalog is not None else None
    idle = [
        f'"{clean(pattern)}"'
        for pattern in facts.guarded or ()
        if names is not None and not any(is_guarded(name, (pattern,)) for name in names)
    ]
    if idle:
        sentence = f"The setting guarded matches no profile: {listed(idle, SHOWN)}."
        yield note("profile", sentence, "compare it with: sso-tray profiles")


def _credentials_of(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Judge credentials in the environment, in the order in which SDKs look (measured)."""
    keys = [name for name in _KEYS if environ.get(name)]
    if environ.get(_KEYS[0]):
        sentence = (
            "AWS_ACCESS_KEY_ID is set here, so the AWS CLI and boto3 use that key instead of the "
            "active profile or AWS_PROFILE; only --profile overrides it."
            if environ.get(_KEYS[1])
            else "AWS_ACCESS_KEY_ID is set here without AWS_SECRET_ACCESS_KEY, so the AWS CLI and "
            "boto3 fail."
        )
        yield problem("environment", sentence, f"unset {' '.join(keys)}")
    if environ.get(_WEB):
        effect = (
            "the AWS CLI and boto3 use that role before a profile's SSO, the JavaScript SDK after."
            if environ.get("AWS_ROLE_ARN")
            else "without AWS_ROLE_ARN the AWS CLI and boto3 fail."
        )
        yield problem("environment", f"{_WEB} is set here: {effect}", f"unset {_WEB}")


def _bare(facts: Facts, environ: Mapping[str, str]) -> str:
    """Say what clients use that name no profile; empty: it is the active one for all of them."""
    files = AwsFiles(facts.settings, facts.in_credentials)
    managed = facts.catalog.managed if facts.catalog is not None else ()
    told, effective = bare_clients(environ, files, facts.active, managed)
    return "" if effective else told


def _active(facts: Facts, active: str) -> Iterator[Finding]:
    """Judge what the files alone make of it; what this terminal changes is told beside (A3)."""
    if facts.catalog is None:
        return
    name = f'The active profile "{clean(active)}"'
    if active not in {one.name for one in facts.catalog.profiles}:
        yield problem("profile", f"{name} is no longer in the config.", "sso-tray use PROFILE")
        return
    told = _bare(facts, {})
    default = facts.settings.get("default", {})
    if not told:
        yield ok("profile", f"{name} is used wherever no profile is named.")
    elif is_guarded(active, facts.guarded):
        yield note("profile", f"{name} is guarded. {told}", f"--profile {quoted(active)}")
    elif "default" in facts.in_credentials and "default" in facts.applies:
        remedy = "remove the keys of [default] from the credentials file"
        yield problem("profile", f"{name} isn't used everywhere. {told}", remedy)
    elif default.keys() & _GIVE and "default" not in facts.catalog.managed:
        remedy = "rename [default], then: sso-tray apply default"
        yield note("profile", f"{name} isn't used everywhere. {told}", remedy)
    elif "default" in facts.applies:
        yield problem("profile", f"{name} isn't used everywhere. {told}", "sso-tray use PROFILE")
    else:
        remedy = "sso-tray apply default (or: shell-init)"
        yield note("profile", f"{name} isn't used everywhere. {told}", remedy)


def _exported(facts: Facts) -> Iterator[Finding]:
    if shell_follows(facts.environ):
        return
    variables = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    name = next((one for one in variables if one in facts.environ), "")
    exported = facts.environ.get(name)
    older = facts.environ.get("AWS_DEFAULT_PROFILE")
    if older is not None and exported and older != exported:
        sentence = (
            "AWS_PROFILE and AWS_DEFAULT_PROFILE differ here: the AWS CLI uses the first, boto3 "
            "the second."
        )
        yield note("environment", sentence, "unset AWS_DEFAULT_PROFILE")
    if exported == "":
        sentence = f"{name} is empty here, so the AWS CLI and boto3 fail."
        yield problem("environment", sentence, f"unset {name}")
    if not exported or exported == facts.active:
        return
    if facts.catalog is not None and exported in facts.catalog.managed:
        return  # our [default]: the active profile, by its other name (A3)
    shown = clean(exported)
    if facts.catalog is not None and exported not in {one.name for one in facts.catalog.profiles}:
        sentence = (
            f'{name} is "{shown}" here, but the config has no such profile, so AWS tools fail.'
        )
        yield problem("environment", sentence, f"unset {name}")
    elif exported != MANAGED_PROFILE:  # that one is the active profile, by its other name (A1)
        yield note(
            "environment", f'{name}="{shown}" overrides the active profile here.', f"unset {name}"
        )


def _profiles(names: list[str]) -> str:
    shown = listed([f'"{clean(name)}"' for name in names], SHOWN)
    return f"The profile {shown} has" if len(names) == 1 else f"The profiles {shown} have"
