from __future__ import annotations

import tempfile
from pathlib import Path

import botocore.credentials
import botocore.exceptions
import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tray.aws.config.catalog import HIDDEN, profile_settings, read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core.model import Catalog, Profile, SsoSession
from tray.errors import NotFound

_URL = "https://sso-portal.awsapps.com/start"
_CORP = f"[sso-session corp]\nsso_start_url = {_URL}\nsso_region = eu-west-2\n"
_ROLE = "sso_account_id = 123456789011\nsso_role_name = FullAccess\n"
_BASE = f"[profile base]\nsso_session = corp\n{_ROLE}"

INVISIBLE = "the start URL contains spaces or invisible characters"


def _read(folder: Path, config: str, credentials: str | None = None) -> Catalog:
    files = ConfigFiles(folder / "config", folder / "credentials")
    files.config.write_text(config, encoding="utf-8")
    if credentials is not None:
        files.credentials.write_text(credentials, encoding="utf-8")
    return read_catalog(files)


def _profile(catalog: Catalog, name: str) -> Profile:
    return next(profile for profile in catalog.profiles if profile.name == name)


def test_a_legacy_profile_is_a_session_by_its_start_url(tmp_path: Path) -> None:
    """The older style, as ``aws configure sso`` wrote it for years."""
    config = (
        "[profile dev]\nsso_account_id=123456789011\nsso_role_name=FullAccess\n"
        f"sso_region=eu-west-2\nsso_start_url={_URL}\nregion=eu-west-1\noutput=json\n"
    )

    catalog = _read(tmp_path, config)

    dev = Profile("dev", "sso", _URL, "123456789011", "FullAccess", "eu-west-1")
    session = SsoSession(_URL, _URL, "eu-west-2", legacy=True, profiles=("dev",))
    assert Catalog((session,), (dev,)) == catalog


def test_profiles_share_the_sso_session_they_name(tmp_path: Path) -> None:
    """The newer style: one section for the login, one profile for each role."""
    config = (
        "[profile dev-profile]\nsso_session = devto-article\nsso_account_id = 123456789011\n"
        "sso_role_name = FullAccess\nregion = eu-west-1\n\n"
        "[profile test-profile]\nsso_session = devto-article\nsso_account_id = 123456789012\n"
        "sso_role_name = ReadOnly\nregion = eu-west-1\n\n"
        f"[sso-session devto-article]\nsso_region = eu-west-2\nsso_start_url = {_URL}\n"
        "sso_registration_scopes = sso:account:access\n"
    )

    catalog = _read(tmp_path, config)

    key = "devto-article"
    profiles = (
        Profile("dev-profile", "sso", key, "123456789011", "FullAccess", "eu-west-1"),
        Profile("test-profile", "sso", key, "123456789012", "ReadOnly", "eu-west-1"),
    )
    session = SsoSession(key, _URL, "eu-west-2", profiles=("dev-profile", "test-profile"))
    assert Catalog((session,), profiles) == catalog


def test_sessions_stand_in_file_order(tmp_path: Path) -> None:
    """A section at its place, a legacy session at that of its first profile."""
    legacy = "sso_start_url = https://{0}/start\nsso_region = eu-west-1\n"
    config = (
        "[profile one]\n" + legacy.format("b") + "[sso-session a]\n[profile two]\n"
        "[profile three]\n"
        + legacy.format("c")
        + "[profile four]\n"
        + legacy.format("b")
        + "[sso-session d]\n"
    )

    catalog = _read(tmp_path, config, "[five]\n" + legacy.format("e"))

    assert ["https://b/start", "a", "https://c/start", "d", "https://e/start"] == [
        session.key for session in catalog.sessions
    ]
    assert ("one", "four") == catalog.sessions[0].profiles
    assert ["one", "two", "three", "four", "five"] == [each.name for each in catalog.profiles]


@pytest.mark.parametrize(
    ("line", "scopes"),
    [
        ("", ("sso:account:access",)),
        ("sso_registration_scopes =\n", ("sso:account:access",)),
        ("sso_registration_scopes = , ,\n", ("sso:account:access",)),
        ("sso_registration_scopes = a:b ,, c:d,\n", ("a:b", "c:d")),
    ],
)
def test_scopes_are_trimmed_and_never_empty(
    tmp_path: Path, line: str, scopes: tuple[str, ...]
) -> None:
    """A comma separated list, empty parts dropped, with the default where nothing is left."""
    catalog = _read(tmp_path, _CORP + line)

    assert scopes == catalog.sessions[0].scopes


@pytest.mark.parametrize(
    ("url", "flaw"),
    [
        ("https://corp.awsapps.com/start", None),
        ("https://corp.awsapps.com/start/#/", None),
        ("https://identitycenter.amazonaws.com/ssoins-0123456789abcdef", None),
        ("https://büro.example/start", None),
        ("https://127.0.0.1:8443/start", None),
        ("HTTPS://corp.awsapps.com/start", None),
        ("http://corp.awsapps.com/start", "the start URL must begin with https://"),
        ("http://127.0.0.1/start", "the start URL must begin with https://"),
        ("http://localhost:8080/start", "the start URL must begin with https://"),
        ("javascript:alert(1)", "the start URL must begin with https://"),
        ("file:///etc/passwd", "the start URL must begin with https://"),
        ("data:text/html,x", "the start URL must begin with https://"),
        ("corp.awsapps.com/start", "the start URL must begin with https://"),
        ("//corp.awsapps.com/start", "the start URL must begin with https://"),
        ("--new-window", "the start URL must begin with https://"),
        ("https://eve:hunter2@corp.awsapps.com/start", "the start URL contains a user name"),
        ("https://corp.awsapps.com@evil.example/start", "the start URL contains a user name"),
        ("https://corp.awsapps.com\\@evil.example/start", "the start URL contains a backslash"),
        (
            "https://corp.awsapps.com/start # mine",
            "a comment follows the start URL, but in a value # and ; begin none",
        ),
        (
            "https://corp.awsapps.com /start",
            INVISIBLE,
        ),
        (
            "https://corp.awsapps.com/\x1b[2Jstart",
            INVISIBLE,
        ),
        (
            "https://corp\u202emoc.example/start",
            INVISIBLE,
        ),
        (
            "https://corp\u200b.example/start",
            INVISIBLE,
        ),
        (
            "https://corp.awsapps.com/start\n  more",
            INVISIBLE,
        ),
        ("https://", "the start URL has no host"),
        ("https:///start", "the start URL has no host"),
        ("https://corp.awsapps.com:port/start", "the start URL isn't a valid URL"),
        ("https://[::1/start", "the start URL isn't a valid URL"),
    ],
)
def test_nobody_is_sent_to_a_hostile_start_url(tmp_path: Path, url: str, flaw: str | None) -> None:
    """The session stays listed with the reason, and the reason never quotes the URL."""
    config = f"[sso-session corp]\nsso_start_url = {url}\nsso_region = eu-west-2\n"

    [session] = _read(tmp_path, config).sessions

    problem = None if flaw is None else f'The sso-session "corp": {flaw}.'
    assert problem == session.problem
    assert url.replace("\n  ", "\n") == session.start_url


@pytest.mark.parametrize(
    ("region", "fine"),
    [
        ("eu-west-2", True),
        ("us-gov-east-1", True),
        ("cn-north-1", True),
        ("eusc-de-east-1", True),
        ("us-isob-west-1", True),
        ("eu-west-222", False),
        ("EU-WEST-2", False),
        ("eu-west-2.evil.example", False),
        ("eu-west-2/../x", False),
        ("europe", False),
        ("eu-west-2\n  x", False),
    ],
)
def test_a_region_must_look_like_one(tmp_path: Path, region: str, fine: bool) -> None:
    """The region becomes part of a host name, so nothing else may stand there."""
    config = f"[sso-session corp]\nsso_start_url = {_URL}\nsso_region = {region}\n"

    [session] = _read(tmp_path, config).sessions

    assert fine == (session.problem is None)


@pytest.mark.parametrize(
    ("keys", "lacks"),
    [
        ("", "no sso_start_url and no sso_region"),
        (f"sso_start_url = {_URL}\n", "no sso_region"),
        ("sso_region = eu-west-2\nsso_start_url =\n", "no sso_start_url"),
        ("sso_region = eu-west-2\nsso_start_url =\n  a = b\n", "no sso_start_url"),
    ],
)
def test_a_half_filled_session_stays_listed(tmp_path: Path, keys: str, lacks: str) -> None:
    """What is missing is named, in the section's own words."""
    [session] = _read(tmp_path, "[sso-session corp]\n" + keys).sessions

    assert f'The sso-session "corp" has {lacks}.' == session.problem


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (f"sso_session = corp\n{_ROLE}", None),
        (f"sso_session = corp\n{_ROLE}sso_region = eu-west-2\n", None),
        (
            f"sso_session = corp\n{_ROLE}sso_region = us-east-1\n",
            'The profile "dev" and its sso-session "corp" disagree on sso_region '
            '("us-east-1" and "eu-west-2").',
        ),
        (
            f"sso_session = corp\n{_ROLE}sso_start_url = {_URL}/\n",
            'The profile "dev" and its sso-session "corp" disagree on sso_start_url.',
        ),
        (
            f"sso_session = gone\n{_ROLE}",
            'The profile "dev" names the sso-session "gone", which doesn\'t exist.',
        ),
        ("sso_session = corp\nsso_role_name = x\n", 'The profile "dev" has no sso_account_id.'),
        ("sso_session = corp\nsso_account_id = 1\n", 'The profile "dev" has no sso_role_name.'),
        (
            "sso_session =\n  a = b\nsso_account_id = 1\n",
            'The profile "dev" names the sso-session "a block", which doesn\'t exist.',
        ),
        (_ROLE, 'The profile "dev" has no sso_start_url and no sso_region.'),
        (f"{_ROLE}sso_start_url = {_URL}\n", 'The profile "dev" has no sso_region.'),
    ],
)
def test_an_sso_profile_says_what_keeps_it_from_working(
    tmp_path: Path, keys: str, problem: str | None
) -> None:
    """The meaning is botocore's, the sentence ours, and the profile stays listed as SSO."""
    profile = _profile(_read(tmp_path, _CORP + "[profile dev]\n" + keys), "dev")

    assert ("sso", problem) == (profile.kind, profile.problem)


def test_a_region_in_the_session_must_be_the_profiles_too(tmp_path: Path) -> None:
    """As for botocore every key that both have is compared, not only the SSO ones."""
    config = _CORP + "region = eu-west-1\n" + _BASE + "region = us-east-1\n"

    profile = _profile(_read(tmp_path, config), "base")

    assert profile.problem is not None
    assert "disagree on region" in profile.problem


def test_the_session_may_give_account_and_role(tmp_path: Path) -> None:
    """As for botocore the session's keys are laid over the profile's."""
    config = _CORP + "sso_account_id = 1\n[profile dev]\nsso_session = corp\nsso_role_name = r\n"

    profile = _profile(_read(tmp_path, config), "dev")

    assert Profile("dev", "sso", "corp", "1", "r") == profile


@pytest.mark.parametrize(
    ("keys", "session"),
    [
        ("sso_session = corp\n", "corp"),
        (f"sso_start_url = {_URL}\nsso_region = eu-west-2\n", _URL),
        (f"sso_session = corp\nsso_start_url = {_URL}\n", "corp"),
        ("credential_process = /bin/true\n", None),
        ("aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n", None),
        ("region = eu-west-1\n", None),
        (f"{_ROLE}web_identity_token_file = /x\nrole_arn = r\nsso_session = corp\n", "corp"),
    ],
)
def test_a_profile_without_a_role_of_sso_is_other(
    tmp_path: Path, keys: str, session: str | None
) -> None:
    """It gives no SSO credentials; one made for ``aws sso login`` still leads to its session."""
    catalog = _read(tmp_path, _CORP + "[profile dev]\n" + keys)

    profile = _profile(catalog, "dev")

    assert ("other", session, None) == (profile.kind, profile.session, profile.problem)
    assert [each.key for each in catalog.sessions if "dev" in each.profiles] == (
        [session] if session else []
    )


def test_legacy_profiles_must_agree_on_the_region_of_a_start_url(tmp_path: Path) -> None:
    """They share one token, so the first region counts and the odd profile is told."""
    legacy = _ROLE + f"sso_start_url = {_URL}\nsso_region = "
    config = f"[profile a]\n{legacy}eu-west-2\n[profile b]\n{legacy}us-east-1\n"

    catalog = _read(tmp_path, config)

    assert ["eu-west-2"] == [session.region for session in catalog.sessions]
    assert [None, None] == [catalog.sessions[0].problem, _profile(catalog, "a").problem]
    assert _profile(catalog, "b").problem == (
        'The profile "b" has sso_region us-east-1, but its start URL is already used with '
        "eu-west-2."
    )


def test_a_chained_profile_belongs_to_the_session_at_its_end(tmp_path: Path) -> None:
    """However long the chain, the login is that of the SSO profile it begins with."""
    config = (
        _CORP
        + _BASE
        + (
            "[profile a]\nrole_arn = arn:1\nsource_profile = base\nregion = eu-west-3\n"
            "[profile b]\nrole_arn = arn:2\nsource_profile = a\n"
        )
    )

    catalog = _read(tmp_path, config)

    expected = [
        Profile("a", "chained", "corp", "123456789011", "FullAccess", "eu-west-3"),
        Profile("b", "chained", "corp", "123456789011", "FullAccess"),
    ]
    assert expected == [_profile(catalog, "a"), _profile(catalog, "b")]
    assert ("base", "a", "b") == catalog.sessions[0].profiles


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("role_arn = r\n", 'The profile "x" has a role_arn but no source_profile or'),
        ("role_arn = r\nsource_profile = gone\n", 'the source_profile "gone", which doesn\'t'),
        (
            "role_arn = r\nsource_profile = base\ncredential_source = Environment\n",
            "both source_profile and credential_source",
        ),
        ("role_arn = r\ncredential_source = Moon\n", "an unknown credential_source"),
        ("role_arn = r\nsource_profile = x\n", "leads back"),
        (
            "role_arn = r\nsource_profile = y\n[profile y]\nrole_arn = r\nsource_profile = x\n",
            "leads back",
        ),
        ("role_arn = r\nsource_profile = y\n[profile y]\nregion = z\n", "has no credentials"),
        ("role_arn = r\nsource_profile =\n  a = b\n", "which doesn't exist"),
    ],
)
def test_a_chain_that_leads_nowhere_says_why(tmp_path: Path, config: str, problem: str) -> None:
    """The profile is listed as other, with botocore's reason in our words."""
    profile = _profile(_read(tmp_path, _CORP + _BASE + "[profile x]\n" + config), "x")

    assert "other" == profile.kind
    assert profile.problem is not None
    assert problem in profile.problem


def test_a_chain_from_a_broken_sso_profile_carries_its_reason(tmp_path: Path) -> None:
    """Whoever uses the chained profile needs to know what to mend, and where."""
    config = _CORP + "[profile base]\nsso_session = corp\nsso_role_name = r\n"

    profile = _profile(
        _read(tmp_path, config + "[profile x]\nrole_arn = r\nsource_profile = base\n"), "x"
    )

    assert "chained" == profile.kind
    assert profile.problem == (
        'The profile "x" can\'t get its credentials: The profile "base" has no sso_account_id.'
    )


def test_a_chain_of_ten_thousand_profiles_ends(tmp_path: Path) -> None:
    """A config made to be slow is told off instead."""
    links = "".join(
        f"[profile p{n}]\nrole_arn = r\nsource_profile = p{n + 1}\n" for n in range(10_000)
    )

    profile = _profile(_read(tmp_path, links + "[profile p10000]\n"), "p0")

    assert profile.problem == ('The profile "p0" has a chain of more than 100 source profiles.')


def test_settings_are_those_of_both_files_with_secrets_hidden(tmp_path: Path) -> None:
    """Keys of the credentials file win, blocks stay blocks, and no secret comes out."""
    _read(
        tmp_path,
        "[DEFAULT]\noutput = json\n[profile a]\nregion = x\ns3 =\n  b = c\n",
        "[a]\nregion = y\naws_secret_access_key = wJalrXUtnFEMI\n",
    )

    found = profile_settings(ConfigFiles(tmp_path / "config", tmp_path / "credentials"), "a")

    assert {
        "region": "y",
        "s3": {"b": "c"},
        "output": "json",
        "aws_secret_access_key": HIDDEN,
    } == dict(found)


def test_settings_of_a_profile_that_is_not_there(tmp_path: Path) -> None:
    """The name is cleaned before it reaches the sentence."""
    files = ConfigFiles(tmp_path / "config", tmp_path / "credentials")

    with pytest.raises(NotFound, match=r'has no profile "a\ufffd\[31m"\.$'):
        profile_settings(files, "a\x1b[31m")


_NAMES = ("a", "b", "c", "default")
_KEYS = {
    "role_arn": ("arn:aws:iam::1:role/x",),
    "source_profile": (*_NAMES, "gone"),
    "sso_session": ("corp", "half", "gone"),
    "sso_account_id": ("1", "2"),
    "sso_role_name": ("r",),
    "sso_start_url": (_URL, "https://other.example/start"),
    "sso_region": ("eu-west-2", "us-east-1"),
    "region": ("eu-west-2", "us-east-1"),
    "web_identity_token_file": ("/nowhere",),
}
_STATIC = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n"


@st.composite
def _configs(draw: st.DrawFn) -> str:
    text = _CORP + draw(st.sampled_from(("", "region = eu-west-2\n", "sso_account_id = 1\n")))
    text += f"[sso-session half]\nsso_start_url = {_URL}\n"
    for name in _NAMES:
        header = name if name == "default" else f"profile {name}"
        keys = draw(st.sets(st.sampled_from(sorted(_KEYS)), max_size=6))
        text += f"[{header}]\n" + "".join(
            f"{key} = {draw(st.sampled_from(_KEYS[key]))}\n" for key in sorted(keys)
        )
        text += draw(st.sampled_from(("", "", "", _STATIC)))
    return text


@settings(max_examples=150, deadline=None)
@given(_configs())
def test_profiles_fail_exactly_where_botocores_providers_do(config: str) -> None:
    """Random profiles: SSO or not, and broken or not, as botocore finds without any network."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = _read(Path(folder), config)
        session = botocore.session.Session()
        session.set_config_variable("config_file", str(Path(folder, "config")))
        session.set_config_variable("credentials_file", str(Path(folder, "credentials")))

        for profile in catalog.profiles:
            settings_of = session.full_config["profiles"][profile.name]
            fails, is_sso = _botocore_says(session, profile.name, settings_of)
            if "already used with" in (profile.problem or ""):
                continue  # this rule is ours: one login cannot live in two regions
            if (
                profile.kind == "other"
                and "doesn't exist" in (profile.problem or "")
                and not fails
            ):
                continue  # botocore finds no role here; we still say that the login is missing
            assert fails == (profile.problem is not None), (profile, config)
            assert is_sso == (profile.kind == "sso"), (profile, config)


def _botocore_says(
    session: botocore.session.Session, name: str, found: dict[str, str]
) -> tuple[bool, bool]:
    """Return whether botocore refuses the profile, and whether it is its SSO provider's."""
    builder = botocore.credentials.ProfileProviderBuilder(session)
    chain = botocore.credentials.AssumeRoleProvider(
        load_config=lambda: session.full_config,
        client_creator=session.create_client,
        cache={},
        profile_name=name,
        profile_provider_builder=builder,
    )
    sso = botocore.credentials.SSOProvider(
        load_config=lambda: session.full_config,
        client_creator=session.create_client,
        profile_name=name,
    )
    web = "web_identity_token_file" in found
    roles = [key for key in ("sso_account_id", "sso_role_name") if key in found]
    is_sso = bool(roles) and not web and "role_arn" not in found
    try:
        if "role_arn" in found and not web:
            chain.load()
        elif web:
            builder.providers(name, disable_env_vars=True)[0].load()
        elif is_sso:
            sso.load()
    except (botocore.exceptions.BotoCoreError, FileNotFoundError):
        return True, is_sso
    return False, is_sso
