"""``settings``: each key, its value, and whence it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.stage import Done, Stage
from tests.cli.test_policy import policy
from tests.schema import validate
from tray.storage.settings_files.settings_merge import LOCKABLE

USERS = """\
guarded = ["mine"]
browser = "firefox %s"
removed_file = "restore"

[sessions.corp]
length_hours = 12
device_code = false

[keyring]
service = "mine"
"""
SITES = """\
locked = ["guarded", "log.debug", "profiles"]
guarded = ["*prod*"]

[sessions.corp]
ca_bundle = "/etc/corp.pem"
device_code = true

[keyring]
service = "theirs"

[privacy]
keep_days = 30
"""


def _write(stage: Stage, toml: str | None = None, menu: object = None) -> None:
    if toml is not None:
        file = stage.home / ".config/sso-tray/config.toml"
        file.parent.mkdir(parents=True)
        file.write_text(toml)
    if menu is not None:
        file = stage.home / ".local/state/sso-tray/settings.json"
        file.parent.mkdir(parents=True, mode=0o700)
        file.write_text(json.dumps(menu))


def _rows(done: Done) -> dict[str, Any]:
    """Return the entries of ``--json`` by name, after holding the whole to its schema."""
    assert 0 == done.code, done.err
    document = done.json()
    validate("settings", document)
    return {one["name"]: one for one in document["settings"]}


def test_without_files_every_setting_is_a_default(stage: Stage) -> None:
    """Each key of a settings file is there, nothing is said on stderr, nothing is started."""
    done = stage.tray("settings", "--json")

    rows = _rows(done)
    assert {*LOCKABLE} - {"sessions", "profiles"} == rows.keys()
    assert {("default", None, None)} == {
        (one["source"], one["file"], one["locked_by"]) for one in rows.values()
    }
    assert ([15, 5], 90, None) == tuple(
        rows[name]["value"] for name in ("warnings.minutes_before", "privacy.keep_days", "browser")
    )
    assert "" == done.err


def test_each_key_says_who_has_set_it(stage: Stage) -> None:
    """The menu wins over config.toml, that over the administrator's; a lock over all."""
    site = str(policy(stage, SITES))
    _write(stage, USERS, {"warnings": {"show": False}, "removed_file": "sign-out"})
    config = str(stage.home / ".config/sso-tray/config.toml")
    menu = str(stage.home / ".local/state/sso-tray/settings.json")

    done = stage.tray("settings", "--json")

    told = {
        name: (one["value"], one["source"], one["file"], one["locked_by"])
        for name, one in _rows(done).items()
        if one["source"] != "default" or one["locked_by"] is not None
    }
    assert {
        "browser": ("firefox %s", "config", config, None),
        "guarded": (["*prod*"], "administrator", site, site),
        "keyring.service": ("mine", "config", config, None),
        "log.debug": (False, "default", None, site),
        "privacy.keep_days": (30, "administrator", site, None),
        "profiles": (None, "default", None, site),
        "removed_file": ("sign-out", "menu", menu, None),
        "sessions.corp.ca_bundle": ("/etc/corp.pem", "administrator", site, None),
        "sessions.corp.device_code": (False, "config", config, None),
        "sessions.corp.length_hours": (12, "config", config, None),
        "warnings.show": (False, "menu", menu, None),
    } == told
    assert [f"{config}: guarded is set by your administrator in {site}."] == (
        done.json()["problems"]
    )


def test_the_lines_are_aligned_and_narrowed_by_words(stage: Stage) -> None:
    """One line each; every word must be in the name; a word that finds nothing is told."""
    site = policy(stage, SITES)
    _write(stage, USERS, {"warnings": {"show": False}})

    done = stage.tray("settings")
    few = stage.tray("settings", "KEYRING", "service")
    none = stage.tray("settings", "nonsense")

    assert 'keyring.service  "mine"  config.toml\n' == few.out
    assert (0, "") == (none.code, none.out)
    assert 'No setting has "nonsense" in its name.' in none.err
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    ends = {
        "guarded": f'["*prod*"] locked by {site}',
        "privacy.keep_days": f"30 administrator: {site}",
        "warnings.show": "false the menu or page",
        "start_daemon": '"auto" default',
    }
    for name, end in ends.items():
        assert f"{name} {end}" == " ".join(lines[name].split())
    assert 1 == len({lines[name].index(ends[name].split()[0]) for name in ends})


@pytest.mark.parametrize(
    ("toml", "said", "row"),
    [
        (
            "[warnings]\nminutes_before = 3",
            "warnings.minutes_before must be a list of minutes, up to a week.",
            ("warnings.minutes_before", [15, 5], "default"),
        ),
        (
            'start_daemon = "perhaps"',
            'start_daemon must be "auto", "never" or "always".',
            ("start_daemon", "never", "config"),
        ),
        ("[warnings", "has a syntax error", ("start_daemon", "never", "unreadable")),
        ("guarded = 3", "guarded must be a list", ("guarded", None, "config")),
    ],
)
def test_a_mistake_is_told_as_doctor_tells_it(
    stage: Stage, toml: str, said: str, row: tuple[str, object, str]
) -> None:
    """On stderr and in the document, with exit code 0, and the value is what holds meanwhile."""
    _write(stage, toml)

    done = stage.tray("settings", "--json")
    doctor = stage.tray("doctor", "--json").json()["findings"]

    found = _rows(done)[row[0]]
    assert row == (row[0], found["value"], found["source"])
    problems = done.json()["problems"]
    assert said in problems[0]
    assert set(problems) <= {one["sentence"] for one in doctor}
    assert all(one in done.err for one in problems)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://ada:hunter2@proxy:3128/hunter2", "http://***@proxy:3128"),
        ("http://ada:hunter2/@#?hunter2@[::1]:3128", "http://***@[::1]:3128"),
        ("http://ada:hunter2", "http://***"),
    ],
)
def test_a_proxys_password_is_not_shown(stage: Stage, proxy: str, shown: str) -> None:
    """Whatever characters it has, neither as text nor as JSON."""
    _write(stage, f'[sessions.corp]\nproxy = "{proxy}"')

    text, document = stage.tray("settings"), stage.tray("settings", "--json")

    assert shown == _rows(document)["sessions.corp.proxy"]["value"]
    assert f'"{shown}"' in text.out
    assert "hunter2" not in text.out + text.err + document.out + document.err
