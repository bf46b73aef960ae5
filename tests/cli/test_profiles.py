"""Which profiles there are, and which is active."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.stage import CONFIG, Stage
from tests.schema import validate


def test_profiles_lists_what_botocore_lists(stage: Stage) -> None:
    """Every profile is there, with its kind, session, account and role (C4)."""
    stage.tray("use", "dev")

    done = stage.tray("profiles", "--json")

    document = done.json()
    validate("profiles", document)
    names = stage.python("import botocore.session as b; print(*b.Session().available_profiles)")
    assert names.split() == [entry["name"] for entry in document["profiles"]]
    dev = document["profiles"][0]
    assert ("sso", "corp", "123456789011", "FullAccess", True) == (
        dev["kind"],
        dev["session"],
        dev["account_id"],
        dev["role_name"],
        dev["active"],
    )


def test_a_listing_is_used_only_while_it_is_true(stage: Stage) -> None:
    """Whether the daemon has listed the profiles or the command reads them: the same lines."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["*ea*"]\nunknown = 1\n')
    with stage.config.open("a") as config:
        config.write(f"[profile {'x' * 80}]\nregion = \x1b[31m\n[profile no\u00e9]\n")
    stage.tray("use", "dev")
    lines = (("profiles",), ("profiles", "--json"))
    alone = [stage.tray(*line) for line in lines]
    with stage.daemon():
        stage.status()
    assert (stage.state / "listing.json").exists()
    listed = [stage.tray(*line) for line in lines]
    stage.tray("use", "far")
    other = stage.tray("profiles").out
    settings.write_text('guarded = ["f*"]\n')
    guarded = stage.tray("profiles").out
    site = stage.home / "site/sso-tray/config.toml"
    site.parent.mkdir(parents=True)
    site.write_text('guarded = ["plain"]\nlocked = ["guarded"]\n')
    by_site = stage.tray("profiles", XDG_CONFIG_DIRS=str(stage.home / "site")).out
    stage.config.write_text("[profile one]\n")
    changed = stage.tray("profiles").out

    assert alone == listed
    assert ["far"] == [line.split()[1] for line in other.splitlines() if line[0] == "*"]
    assert {"far", "forbidden"} == {
        line.split()[1] if line[0] == "*" else line.split()[0]
        for line in guarded.splitlines()
        if line.endswith("guarded")
    }
    assert ["plain"] == [
        line.split()[0] for line in by_site.splitlines() if line.endswith("guarded")
    ]
    assert changed.split()[:2] == ["one", "other"]


def test_guarded_names_are_marked(stage: Stage) -> None:
    """The patterns of the setting count, for people and programs (A7)."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["*ea*"]\n')

    document = stage.tray("profiles", "--json").json()
    table = stage.tray("profiles").out

    assert ["reader"] == [one["name"] for one in document["profiles"] if one["guarded"]]
    assert 1 == table.count("guarded")


def test_a_config_that_botocore_refuses_empties_the_document(stage: Stage) -> None:
    """The document stays one: no profiles, the problem with file and line, exit code 1 (C4)."""
    stage.config.write_text(CONFIG + "[profile cut\n")

    done = stage.tray("profiles", "--json")

    document = done.json()
    validate("profiles", document)
    assert (1, []) == (done.code, document["profiles"])
    assert str(stage.config) in document["problems"][0]


def test_no_config_is_no_problem(stage: Stage) -> None:
    """A home without ~/.aws has no profiles, and nothing is wrong with that."""
    stage.config.unlink()

    listed, status = stage.tray("profiles", "--json"), stage.tray("status")

    assert (0, 0) == (listed.code, status.code)
    assert [] == listed.json()["profiles"]
    assert "No SSO session" in status.out


def test_use_records_one_line_for_prompts(either: Stage) -> None:
    """The active profile is one line in a file, and ``status`` shows it."""
    done = either.tray("use", "dev")

    assert 0 == done.code
    assert "dev\n" == (either.state / "active-profile").read_text()
    assert "dev" == either.tray("status", "--json").json()["active_profile"]


def test_use_goes_back_and_forth_and_off(either: Stage) -> None:
    """``-`` is the previous profile, ``--none`` is none."""
    either.tray("use", "dev")
    either.tray("use", "reader")

    back = either.tray("use", "-")
    forth = either.tray("use", "-")
    off = either.tray("use", "--none")

    assert ('"dev" is', '"reader" is') == (back.out[:8], forth.out[:11])
    assert 0 == off.code
    assert not (either.state / "active-profile").exists()


def test_the_first_pick_says_how_it_takes_effect(either: Stage) -> None:
    """A3: a pick changes nothing of the user's by itself; that is offered once."""
    first, second = either.tray("use", "dev"), either.tray("use", "reader")

    assert ("sso-tray apply default" in first.err, "") == (True, second.err)


def test_use_without_a_previous_profile_fails_in_a_sentence(stage: Stage) -> None:
    """There is nothing to go back to."""
    done = stage.tray("use", "-")

    assert (1, "sso-tray: There is no previous profile.\n") == (done.code, done.err)


def test_use_of_an_unknown_name_changes_nothing(either: Stage) -> None:
    """A slip of the finger never leads to another account; the nearest names are told."""
    either.tray("use", "dev")

    done = either.tray("use", "raeder")

    assert 2 == done.code
    assert "reader" in done.err
    assert "dev\n" == (either.state / "active-profile").read_text()


def test_our_own_profile_cannot_be_picked(stage: Stage) -> None:
    """``[profile sso-tray]`` always is the active one, so picking it would be a circle (A7)."""
    stage.config.write_text(CONFIG + "[profile sso-tray]\nregion = eu-west-1\n")

    done = stage.tray("use", "sso-tray")

    assert 1 == done.code
    assert 1 == len(done.err.splitlines())


def test_an_exported_profile_is_pointed_out(stage: Stage) -> None:
    """Who picks a profile where AWS_PROFILE is set learns why nothing changes there (F3)."""
    done = stage.tray("use", "dev", AWS_PROFILE="far")

    assert 0 == done.code
    assert "AWS_PROFILE" in done.err


def test_a_vanished_profile_means_none(stage: Stage) -> None:
    """Where the active profile is no more, none is active: never another account (A7)."""
    stage.tray("use", "dev")
    stage.config.write_text(CONFIG.replace("[profile dev]", "[profile development]"))

    document = json.loads(stage.tray("status", "--json").out)

    assert document["active_profile"] is None
    assert any("dev" in problem for problem in document["problems"])


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("use", "export", "AWS_SECRET_ACCESS_KEY=canary"), "temporary keys"),
        (("credentials", "[profile dev2]"), "section of an AWS config"),
        (("login", 'export AWS_ACCESS_KEY_ID="canary"'), "temporary keys"),
        (("login", "export AWS_PROFILE=canary"), "a line for a shell"),
        (("status", "[sso-session corp2]"), "section of an AWS config"),
        (("add", "[profile dev2]", "--all"), "section of an AWS config"),
        (
            ("add", "new", "--all", "--start-url", "export AWS_SESSION_TOKEN=canary"),
            "temporary keys",
        ),
        (
            ("add", "new", "--all", "--start-url", "sso_start_url = canary", "--sso-region", "x"),
            "section of an AWS config",
        ),
    ],
)
def test_what_is_pasted_from_the_portal_is_named(
    stage: Stage, command: tuple[str, ...], told: str
) -> None:
    """An argument gets the words of `add`'s questions, and is not repeated: it may be secret."""
    done = stage.tray(*command)

    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert "run sso-tray add with" in done.err
    assert "canary" not in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("command", [("status",), ("use", "dev"), ("profiles",)])
def test_an_open_state_directory_is_shut_by_any_command(
    stage: Stage, command: tuple[str, ...]
) -> None:
    """No daemon has to run for what an older version left open to others."""
    stage.state.mkdir(parents=True, exist_ok=True)
    stage.state.chmod(0o755)

    stage.tray(*command)

    assert 0o700 == stage.state.stat().st_mode & 0o777
