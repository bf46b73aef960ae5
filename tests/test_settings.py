from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tray.core.model import Preferences
from tray.errors import ConfigRejected, UserMustAct
from tray.own_connection import OwnConnection
from tray.secret import Secret
from tray.storage.settings import (
    Settings,
    read_settings,
    safe_settings,
)
from tray.storage.settings_files.settings_merge import LOCKABLE as SETTINGS
from tray.storage.settings_files.settings_table import KINDS
from tray.storage.settings_files.settings_write import (
    choose,
    meant_value,
    reset_setting,
    write_setting,
)

CA_BUNDLE = str(Path("/etc/corp.pem").absolute())  # Windows asks for its drive
GOOD = f"""\
browser = "firefox %s"
colors = ["*prod*=red", "*stage*=orange test"]
guarded = ["*prod*", "*live*"]
start_daemon = "always"
removed_file = "restore"

[keyring]
adopt = false
service = "mine"

[warnings]
minutes_before = [5, 30, 10.5]

[compat]
empty_refresh_members = true

[log]
debug = true

[sessions.corp]
length_hours = 12
browser = "firefox -P work %s"
ca_bundle = '{CA_BUNDLE}'
proxy = "http://proxy:3128"
endpoint_url = "https://sso.example"
device_code = true

[sessions."https://d-1.awsapps.com/start"]
length_hours = 0.25
"""


def _read(directory: Path, toml: str | bytes | None = None, menu: object = None) -> Settings:
    config = directory / "config.toml"
    if toml is not None:
        config.write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    if menu is not None:
        (directory / "settings.json").write_text(
            menu if isinstance(menu, str) else json.dumps(menu)
        )
    return read_settings(config, directory)


def test_without_files_the_defaults_hold(tmp_path: Path) -> None:
    """F1: nobody has to write a config."""
    assert Settings() == _read(tmp_path / "nowhere")


def test_every_setting_is_read(tmp_path: Path) -> None:
    """F1: minutes and hours become seconds, the longest warning comes first."""
    settings = _read(tmp_path, GOOD)

    preferences = Preferences(
        warn_before=(1800.0, 630.0, 300.0),
        adopt=False,
        colors=("*prod*=red", "*stage*=orange test"),
        guarded=("*prod*", "*live*"),
        session_lengths=(("corp", 43200.0), ("https://d-1.awsapps.com/start", 900.0)),
        device_code=("corp",),
        reached_by=(("corp", ("ca_bundle", "proxy", "endpoint_url")),),
    )
    own = OwnConnection(CA_BUNDLE, Secret("http://proxy:3128"), "https://sso.example")
    assert {"corp": own} == settings.own_connections
    worker = Settings.in_worker(settings.to_worker())
    assert (settings.own_connections, True) == (worker.own_connections, worker.restore_removed)
    assert ("always", preferences, "mine", True, True, ()) == (
        settings.start_daemon,
        settings.preferences,
        settings.keyring_service,
        settings.empty_refresh_members,
        settings.log_debug,
        settings.problems,
    )
    assert ("firefox -P work %s", "firefox %s") == (
        settings.browser("corp"),
        settings.browser("other"),
    )


def test_what_the_menu_set_wins(tmp_path: Path) -> None:
    """F1: settings.json over config.toml, member by member."""
    menu = {"keyring": {"adopt": True}, "sessions": {"corp": {"length_hours": 8}}}

    settings = _read(tmp_path, GOOD, menu)

    assert (True, 28800.0, "mine") == (
        settings.preferences.adopt,
        dict(settings.preferences.session_lengths)["corp"],
        settings.keyring_service,
    )


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        ('browser = ""', "browser"),
        ("browser = 5", "browser"),
        ('browser = "a\\u001bb"', "browser"),
        ('guarded = "prod"', "guarded"),
        ("guarded = [1]", "guarded"),
        ('colors = ["*prod*"]', "colors"),
        ("keyring = 5", "keyring"),
        ("[keyring]\nadopt = 1", "keyring.adopt"),
        ('[keyring]\nservice = " "', "keyring.service"),
        ("[warnings]\nminutes_before = 5", "warnings.minutes_before"),
        ("[warnings]\nminutes_before = []", "warnings.minutes_before"),
        ("[warnings]\nminutes_before = [5, -1]", "warnings.minutes_before"),
        ("[warnings]\nminutes_before = [inf]", "warnings.minutes_before"),
        ("[warnings]\nminutes_before = [99999]", "warnings.minutes_before"),
        ('[compat]\nempty_refresh_members = "yes"', "compat.empty_refresh_members"),
        ("[log]\ndebug = 0", "log.debug"),
        ('start_daemon = "sometimes"', "start_daemon"),
        ("start_daemon = false", "start_daemon"),
        ('removed_file = "keep"', "removed_file"),
        ("removed_file = []", "removed_file"),
        ("[sessions]\ncorp = 5", "sessions.corp"),
        ("[sessions.corp]\nlength_hours = 0", "sessions.corp.length_hours"),
        ("[sessions.corp]\nlength_hours = nan", "sessions.corp.length_hours"),
        ("[sessions.corp]\nlength_hours = inf", "sessions.corp.length_hours"),
        ("[sessions.corp]\nlength_hours = true", "sessions.corp.length_hours"),
        (f"[sessions.corp]\nlength_hours = {'9' * 400}", "sessions.corp.length_hours"),
        ("[sessions.corp]\ndevice_code = 1", "sessions.corp.device_code"),
        ('[sessions.corp]\nca_bundle = "corp.pem"', "sessions.corp.ca_bundle"),
        ('[sessions.corp]\nproxy = "proxy:3128"', "sessions.corp.proxy"),
        ('[sessions.corp]\nendpoint_url = "http://10.0.0.1"', "sessions.corp.endpoint_url"),
        ("[sessions.corp]\nbrowser = []", "sessions.corp.browser"),
        ('[sessions."a\\u001b[31mb"]\nlength_hours = 0', "sessions.a?[31mb.length_hours"),
    ],
)
def test_a_wrong_value_is_named_and_costs_only_its_key(
    tmp_path: Path, toml: str, place: str
) -> None:
    """S4, G5: one sentence names file and key; every other setting holds."""
    config = tmp_path / "config.toml"

    settings = _read(tmp_path, f"{toml}\n[sessions.other]\nlength_hours = 3\n")

    assert settings.problems[0].startswith(f"{config}: {place} must be ")
    assert 10_800.0 == dict(settings.preferences.session_lengths)["other"]
    assert (None if place == "guarded" else ()) == settings.preferences.guarded


def test_every_mistake_is_named_and_the_nearest_setting_suggested(tmp_path: Path) -> None:
    """S4: mistakes are reported all at once, and a slip of the pen with what was meant."""
    toml = '[warnings]\nminutes_before = "15"\nshwo = true\n[keyring]\nadopt = 1\n'

    settings = _read(tmp_path, toml)

    config = tmp_path / "config.toml"
    assert {
        f"{config}: warnings.minutes_before must be a list of minutes, up to a week.",
        f'{config}: unknown setting "warnings.shwo". Did you mean "warnings.show"?',
        f"{config}: keyring.adopt must be true or false.",
    } == set(settings.problems)
    assert Preferences() == settings.preferences


@pytest.mark.parametrize(
    "toml",
    [
        'gaurded = ["*prod*"]',
        'guarded = "*prod*"',
        "guarded = [1]",
        '[warnings]\nminutes_before = [5]\nguarded = ["*prod*"]',
        '[active]\nguarded = ["*prod*"]',
        '[sessions.corp]\nguarded = ["*prod*"]',
        '[profiles.dev]\nguarded = ["*prod*"]',
    ],
)
def test_a_guard_that_cannot_be_understood_is_the_last_good_one(tmp_path: Path, toml: str) -> None:
    """A7: a mistake in the guard never leaves a profile unguarded, and it says so."""
    unknown = _read(tmp_path, toml)
    _read(tmp_path, 'guarded = ["*live*"]')
    kept = _read(tmp_path, toml)
    _read(tmp_path, "")
    again = _read(tmp_path, toml)

    found = [one.preferences.guarded for one in (unknown, kept, again)]
    assert [None, ("*live*",), None] == found
    assert unknown.problems[-1].endswith("until guarded is fixed, no other profile can be picked.")
    assert kept.problems[-1].endswith("until guarded is fixed, the previous patterns hold.")


@pytest.mark.parametrize(
    ("toml", "place", "meant"),
    [
        ("[keyring]\nguarded = []", "keyring.guarded", '"guarded", above the first table'),
        ("[active]\nguarded = []", "active.guarded", '"guarded", above the first table'),
        ("required = true", "required", '"keyring.required"'),
        ("[keyrings]\nrequired = true", "keyrings.required", '"keyring.required"'),
        ("[log]\nrequired = true", "log.required", '"keyring.required"'),
    ],
)  # fmt: skip
def test_a_setting_in_the_wrong_table_is_found(
    tmp_path: Path, toml: str, place: str, meant: str
) -> None:
    """S4: what a table's header swallowed is named with its place, and a restriction holds."""
    settings = _read(tmp_path, toml)

    said = f'{tmp_path / "config.toml"}: unknown setting "{place}". Did you mean {meant}?'
    assert said == settings.problems[0]
    assert settings.preferences.guarded is None or settings.preferences.keyring_required


@pytest.mark.parametrize(
    "toml",
    [
        b"keyring = ",
        b"\xff\xfe\x00",
        b"a = 1\na = 2",
        b"[[[[",
        b"a = " + b"[" * 20_000,
        b"a = " + b"9" * 20_000,
    ],
)
def test_what_is_no_toml_is_named(tmp_path: Path, toml: bytes) -> None:
    """G5: bad input of any kind gives a clear message."""
    with pytest.raises(ConfigRejected, match=r"config\.toml"):
        _read(tmp_path, toml)


@pytest.mark.parametrize("menu", ["{", "[]", "5", "[" * 100_000])
def test_what_is_no_settings_json_is_named(tmp_path: Path, menu: str) -> None:
    """G5: the same for our own file."""
    with pytest.raises(ConfigRejected, match=r"settings\.json"):
        _read(tmp_path, "", menu)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    """Fault 14: a directory at the name is told, not read."""
    (tmp_path / "config.toml").mkdir()

    with pytest.raises(ConfigRejected, match=r"config\.toml"):
        read_settings(tmp_path / "config.toml", tmp_path)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """G5: editors of Windows write one."""
    assert "mine" == _read(tmp_path, b'\xef\xbb\xbf[keyring]\nservice = "mine"').keyring_service


def test_a_key_that_means_nothing_is_told_and_costs_nothing(tmp_path: Path) -> None:
    """G5: a slip of the pen is named; the other settings hold."""
    toml = "hue = 1\n[keyring]\nadpot = true\nadopt = false\n[sessions.corp]\nhours = 3\n"

    settings = _read(tmp_path, toml)

    config = tmp_path / "config.toml"
    assert not settings.preferences.adopt
    assert (
        f'{config}: unknown setting "hue".',
        f'{config}: unknown setting "keyring.adpot". Did you mean "keyring.adopt"?',
        f'{config}: unknown setting "sessions.corp.hours". '
        'Did you mean "sessions.corp.length_hours"?',
    ) == settings.problems


def test_a_later_versions_menu_setting_is_passed_over(tmp_path: Path) -> None:
    """Fault 43: after a downgrade there is nothing a person could mend."""
    assert () == _read(tmp_path, "", {"new": 1}).problems


def test_what_the_menu_writes_is_read_and_leaves_the_rest(tmp_path: Path) -> None:
    """F1: one setting at a time; others in settings.json stay, those of a later version too."""
    state = tmp_path / "state"
    write_setting(state, "warnings.show", False)
    written = json.loads((state / "settings.json").read_text())
    (state / "settings.json").write_text(json.dumps({**written, "later": {"a": [1]}}))
    write_setting(state, "keyring.adopt", False)

    settings = read_settings(tmp_path / "config.toml", state)

    assert (False, False) == (settings.notices, settings.preferences.adopt)
    assert {"warnings": {"show": False}, "later": {"a": [1]}, "keyring": {"adopt": False}} == (
        json.loads((state / "settings.json").read_text())
    )


def test_what_the_menu_writes_is_the_users_alone(tmp_path: Path) -> None:
    """F1: nobody else learns what is set."""
    write_setting(tmp_path / "state", "warnings.show", False)

    assert 0o600 == (tmp_path / "state/settings.json").stat().st_mode & 0o777


def test_what_a_notice_sets_stands_beside_the_tables(tmp_path: Path) -> None:
    """K5: "Always put it back" wins over config.toml, unless the administrator has locked it."""
    config = tmp_path / "config.toml"
    config.write_text('removed_file = "sign-out"\n')

    write_setting(tmp_path, "removed_file", "restore")

    assert read_settings(config, tmp_path).restore_removed
    with pytest.raises(UserMustAct, match="administrator"):
        write_setting(tmp_path, "removed_file", "restore", {"removed_file": "/etc/x"})


@pytest.mark.parametrize("there", ["{", "[]", '{"keyring": 5}'])
def test_a_settings_file_that_is_not_ours_is_left_alone(tmp_path: Path, there: str) -> None:
    """G5: nothing is lost; the sentence names the file."""
    (tmp_path / "settings.json").write_text(there)

    with pytest.raises(ConfigRejected, match=r"settings\.json"):
        write_setting(tmp_path, "keyring.adopt", True)

    assert there == (tmp_path / "settings.json").read_text()


def test_each_setting_has_a_kind() -> None:
    """What a file can set, the form and ``settings set`` can."""
    assert {*SETTINGS} - {"sessions", "profiles"} == KINDS.keys()


CHOSEN: tuple[tuple[str, list[str], object], ...] = (
    ("guarded", ["*prod*", "*live*"], ["*prod*", "*live*"]),
    ("guarded", [], []),
    ("colors", ["*prod*=red"], ["*prod*=red"]),
    ("privacy.keep_days", ["30"], 30),
    ("warnings.minutes_before", ["20", "7.5"], [20, 7.5]),
    ("keyring.adopt", ["false"], False),
    ("removed_file", ["restore"], "restore"),
    ("browser", ["firefox", "%s"], "firefox %s"),
    ("sessions.a.b.length_hours", ["12"], 12),
)


@pytest.mark.parametrize(("name", "words", "value"), CHOSEN)
def test_a_setting_is_chosen_and_reset(
    tmp_path: Path, name: str, words: list[str], value: object
) -> None:
    """The file then says exactly that, is read without a problem, and is empty after a reset."""
    choose(Settings(), tmp_path, name, meant_value(name, words))
    held = read_settings(tmp_path / "config.toml", tmp_path)

    file = str(tmp_path / "settings.json")
    assert ((), file) == (held.problems, held.origins[name])
    found = json.loads((tmp_path / "settings.json").read_text())
    while isinstance(found, dict):
        (found,) = found.values()
    assert value == found
    assert reset_setting(tmp_path, name)
    assert not reset_setting(tmp_path, name)
    assert {} == json.loads((tmp_path / "settings.json").read_text())


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("privacy.keep_days", ["never"], "privacy.keep_days must be a number of days"),
        ("privacy.keep_days", ["nan"], "privacy.keep_days must be a number of days"),
        ("warnings.minutes_before", [], "warnings.minutes_before must be a list of minutes"),
        ("keyring.adopt", ["maybe"], "keyring.adopt must be true or false"),
        ("removed_file", ["gone"], "removed_file must be"),
        ("sessions.corp.endpoint_url", ["http://evil.example"], "endpoint_url must be an https"),
        ("sessions.corp", ["1"], 'There is no setting "sessions.corp"'),
        ("keyring.adpot", ["true"], 'Did you mean "keyring.adopt"?'),
        ("log.debug", ["true"], "Your administrator has set it in /etc/x."),
        ("sessions.corp.length_hours", ["5"], "Your administrator has set it in /etc/y."),
    ],
)
def test_what_cannot_be_is_not_chosen(
    tmp_path: Path, name: str, words: list[str], said: str
) -> None:
    """The sentence is the reader's own, without a file that nobody wrote; nothing is written."""
    locked = {"log.debug": "/etc/x"} | ({"sessions": "/etc/y"} if words == ["5"] else {})

    with pytest.raises(UserMustAct) as refused:
        choose(Settings(locked=locked), tmp_path, name, meant_value(name, words))

    assert said in refused.value.sentence
    assert "settings.json" not in refused.value.sentence
    assert not (tmp_path / "settings.json").exists()


# --- An administrator's file ----------------------------------------------------------------

LOCKING = """\
locked = ["guarded", "warnings.show", "allowed_start_urls"]
guarded = ["*prod*"]
start_daemon = "never"
allowed_start_urls = ["acme"]
[warnings]
show = true
minutes_before = [60]
"""


def _with_site(directory: Path, toml: str, *sites: str, menu: object = None) -> Settings:
    files = [directory / f"site-{number}.toml" for number in range(len(sites))]
    for file, text in zip(files, sites, strict=True):
        file.write_text(text)
    (directory / "config.toml").write_text(toml)
    if menu is not None:
        (directory / "settings.json").write_text(json.dumps(menu))
    return read_settings(directory / "config.toml", directory, files)


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ("guarded = []", "guarded"),
        ('guarded = "no list"', "guarded"),
        ('allowed_start_urls = ["evil"]', "allowed_start_urls"),
        ("[warnings]\nshow = false", "warnings.show"),
    ],
)
def test_a_locked_setting_stays_and_says_by_whom(tmp_path: Path, toml: str, name: str) -> None:
    """Whatever the user or the menu wrote, the site's value holds, and the line is named."""
    settings = _with_site(tmp_path, toml, LOCKING, menu={"warnings": {"show": False}})

    site = tmp_path / "site-0.toml"
    assert ("*prod*",) == settings.preferences.guarded
    assert ("acme",) == settings.preferences.allowed_start_urls
    assert settings.notices
    assert dict.fromkeys(("guarded", "warnings.show", "allowed_start_urls"), str(site)) == (
        settings.locked
    )
    assert (
        f"{tmp_path / 'config.toml'}: {name} is set by your administrator in {site}."
    ) == settings.problems[0]


def test_a_slip_in_a_locked_guard_of_the_users_own_changes_nothing(tmp_path: Path) -> None:
    """A mistyped name is told; the site's guard holds without any of its own."""
    settings = _with_site(tmp_path, 'gaurded = ["x"]', LOCKING)

    assert ("*prod*",) == settings.preferences.guarded


def test_what_is_not_locked_is_a_default(tmp_path: Path) -> None:
    """The user's own file wins where the site only proposes."""
    settings = _with_site(tmp_path, 'start_daemon = "always"\n[warnings]\nminutes_before = [5]\n',
                          LOCKING)  # fmt: skip
    proposed = _with_site(tmp_path, "", LOCKING)

    assert ("always", (300.0,)) == (settings.start_daemon, settings.preferences.warn_before)
    assert ("never", (3600.0,)) == (proposed.start_daemon, proposed.preferences.warn_before)
    assert () == proposed.problems


def test_a_session_takes_each_key_from_the_last_file_that_sets_it(tmp_path: Path) -> None:
    """The user's proxy leaves the site's CA bundle, and a code can be switched off."""
    site = (
        f"[sessions.corp]\ndevice_code = true\nca_bundle = '{CA_BUNDLE}'\nproxy = 'http://a:1'\n"
    )
    user = '[sessions.corp]\ndevice_code = false\nproxy = "http://b:2"\n'

    settings = _with_site(tmp_path, user, site)

    own = settings.own_connections["corp"]
    assert () == settings.preferences.device_code
    assert (CA_BUNDLE, Secret("http://b:2")) == (own.ca_bundle, own.proxy)
    mine, theirs = str(tmp_path / "config.toml"), str(tmp_path / "site-0.toml")
    assert {
        "sessions.corp.device_code": mine,
        "sessions.corp.proxy": mine,
        "sessions.corp.ca_bundle": theirs,
    } == settings.origins


def test_a_more_important_file_cannot_undo_a_lock(tmp_path: Path) -> None:
    """Of several site files each may add locks; none takes one away."""
    settings = _with_site(tmp_path, "", LOCKING, 'guarded = []\nlocked = ["log.debug"]')

    assert ("*prod*",) == settings.preferences.guarded
    assert str(tmp_path / "site-1.toml") == settings.locked["log.debug"]


@pytest.mark.parametrize("broken", ["guarded = [", 'locked = ["guarded"]\nguarded = 5'])
def test_a_locked_guard_that_cannot_be_understood_fails_closed(
    tmp_path: Path, broken: str
) -> None:
    """Nobody knows what it guards: no profile can be picked, until a guard was once understood."""
    closed = _with_site(tmp_path, "guarded = []", broken)
    _with_site(tmp_path, "", LOCKING)
    kept = _with_site(tmp_path, "guarded = []", broken)

    assert [None, ("*prod*",)] == [one.preferences.guarded for one in (closed, kept)]
    assert str(tmp_path / "site-0.toml") in closed.problems[0]


def test_a_broken_site_file_without_a_guard_leaves_the_user_alone(tmp_path: Path) -> None:
    """Its mistake is told, with who has to fix it, and the user's own settings hold."""
    settings = _with_site(tmp_path, 'guarded = ["mine"]', "start_daemon = ")

    assert ("mine",) == settings.preferences.guarded
    assert "administrator" in settings.problems[0]


def test_a_lock_on_nothing_is_named(tmp_path: Path) -> None:
    """The other names in the list hold."""
    settings = _with_site(tmp_path, "", 'locked = ["gaurded", "log.debug"]')

    assert ["log.debug"] == list(settings.locked)
    assert "locked must be a list of settings" in settings.problems[0]


def test_the_menu_cannot_change_a_locked_setting(tmp_path: Path) -> None:
    """Whoever clicks hears whose setting it is, and nothing is written."""
    with pytest.raises(UserMustAct, match="administrator"):
        write_setting(tmp_path, "warnings.show", False, {"warnings.show": "/etc/x"})

    assert not (tmp_path / "settings.json").exists()


LOCKABLE: dict[str, tuple[str, str, Callable[[Settings], object]]] = {
    "allowed_start_urls": ('["acme"]', '["evil"]', lambda s: s.preferences.allowed_start_urls),
    "browser": ('"firefox %s"', '"evil %s"', lambda s: s.browsers),
    "colors": ('["a=red"]', '["a=blue"]', lambda s: s.preferences.colors),
    "guarded": ('["*prod*"]', '["x"]', lambda s: s.preferences.guarded),
    "removed_file": ('"restore"', '"sign-out"', lambda s: s.restore_removed),
    "start_daemon": ('"never"', '"always"', lambda s: s.start_daemon),
    "sessions": ("{corp.length_hours = 8}", "{corp.length_hours = 9}",
                 lambda s: s.preferences.session_lengths),
    "profiles": ('{dev.browser = "a %s"}', '{dev.browser = "b %s"}', lambda s: s.profile_browsers),
    "keyring.adopt": ("false", "true", lambda s: s.preferences.adopt),
    "keyring.required": ("true", "false", lambda s: s.preferences.keyring_required),
    "keyring.service": ('"ours"', '"theirs"', lambda s: s.keyring_service),
    "warnings.minutes_before": ("[60]", "[5]", lambda s: s.preferences.warn_before),
    "warnings.show": ("true", "false", lambda s: s.notices),
    "accounts.refresh": ("false", "true", lambda s: s.preferences.list_accounts),
    "accounts.tell_changes": ("false", "true", lambda s: s.preferences.tell_accounts),
    "compat.empty_refresh_members": ("true", "false", lambda s: s.empty_refresh_members),
    "privacy.keep_days": ("30", "60", lambda s: s.keep),
    "privacy.names_in_notices": ("false", "true", lambda s: s.preferences.names_in_notices),
    "log.debug": ("true", "false", lambda s: s.log_debug),
}  # fmt: skip


def test_each_setting_can_be_locked() -> None:
    """The table of the next test leaves none out."""
    assert LOCKABLE.keys() == set(SETTINGS)


@pytest.mark.parametrize("name", LOCKABLE)
def test_a_locked_key_is_the_sites_whoever_sets_it(tmp_path: Path, name: str) -> None:
    """Neither the user's file nor the menu changes it; unlocked, the same line does."""
    theirs, own, value = LOCKABLE[name]
    site = f"locked = ['{name}']\n{name} = {theirs}\n"
    menu = tomllib.loads(f"{name} = {own}")

    alone = value(_with_site(tmp_path, "", site))
    locked = _with_site(tmp_path, f"{name} = {own}", site, menu=menu)
    (tmp_path / "settings.json").unlink()
    free = _with_site(tmp_path, f"{name} = {own}", site.partition("\n")[2])

    assert alone == value(locked) != value(free)
    assert str(tmp_path / "site-0.toml") == locked.locked[name]
    assert f"{name} is set by your administrator" in "".join(locked.problems)


@pytest.mark.parametrize(
    "broken",
    [
        "allowed_start_urls = [",
        'locked = ["allowed_start_urls"]\nallowed_start_urls = "acme"',
        'locked = ["allowed_start_urls"]\nallowed_start_url = ["acme"]',
        'locked = "allowed_start_urls"\nallowed_start_urls = 5',
    ],
)
def test_start_urls_that_cannot_be_understood_allow_none(tmp_path: Path, broken: str) -> None:
    """Nobody signs in until the administrator mends them, whatever the user allows."""
    settings = _with_site(tmp_path, 'allowed_start_urls = ["evil"]', broken)

    assert settings.preferences.allowed_start_urls is None
    assert "nobody can sign in" in "".join(settings.problems)


@pytest.mark.parametrize(
    "broken", ["keyring.required = ", 'locked = ["keyring.required"]\nkeyring.required = "yes"']
)
def test_a_required_keyring_that_cannot_be_understood_is_required(
    tmp_path: Path, broken: str
) -> None:
    """A slip of the administrator's lets no refresh token into a file."""
    settings = _with_site(tmp_path, "keyring.required = false", broken)

    assert settings.preferences.keyring_required
    assert settings.problems


def test_a_required_keyring_takes_in_every_file(tmp_path: Path) -> None:
    """It implies ``adopt``, which is then locked as well, and a worker knows it."""
    settings = _with_site(
        tmp_path,
        "keyring.adopt = false",
        'locked = ["keyring.required"]\nkeyring.required = true',
        menu={"keyring": {"adopt": False}},
    )

    site = str(tmp_path / "site-0.toml")
    assert {"keyring.required": site, "keyring.adopt": site} == settings.locked
    assert settings.preferences.adopt
    assert Settings.in_worker(settings.to_worker()).preferences.keyring_required


def test_an_unreadable_lock_list_locks_what_restricts(tmp_path: Path) -> None:
    """A word instead of a list frees nobody from the guard that stands beside it."""
    settings = _with_site(tmp_path, "guarded = []", 'locked = "guarded"\nguarded = ["*prod*"]')

    assert ("*prod*",) == settings.preferences.guarded


def test_a_broken_file_of_the_users_lifts_no_restriction(tmp_path: Path) -> None:
    """Until it can be read again the site's settings hold, not the program's defaults."""
    site = tmp_path / "site.toml"
    site.write_text(LOCKING + "[keyring]\nrequired = true\n")

    preferences = safe_settings(tmp_path, [site]).preferences

    assert (("*prod*",), ("acme",), True) == (
        preferences.guarded,
        preferences.allowed_start_urls,
        preferences.keyring_required,
    )
