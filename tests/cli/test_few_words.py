"""A profile by a few words: at a terminal alone, never a guarded one, and it says which."""

from __future__ import annotations

import pytest

from tests.cli.stage import Stage
from tests.cli.terminal import program
from tray.storage.active_profile import read_active

DOWN, ENTER, LEAVE = "\x1b[B", "\r", "\x03"
MORE = """
[profile data-admin]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess

[profile data-read]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = ReadOnly

[profile ProdDataOwner]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = FullAccess
"""


@pytest.fixture
def many(stage: Stage) -> Stage:
    """A home with profiles whose names share words, one of them guarded."""
    stage.config.write_text(stage.config.read_text() + MORE)
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('guarded = ["*prod*"]\n')
    return stage


def typed(stage: Stage, *arguments: str) -> tuple[int, str]:
    """Run a command at a terminal; return its exit code and what the terminal shows."""
    with program(("-m", "tray", *arguments), stage.environ, stage.home) as terminal:
        return terminal.wait(), terminal.screen


def test_the_one_match_is_taken_and_named(many: Stage) -> None:
    """Words in any order; the sentence says what they matched."""
    code, shown = typed(many, "use", "adm", "data")

    assert (0, "data-admin") == (code, read_active(many.state))
    assert '"adm data" matches data-admin.' in shown


def test_several_matches_are_listed_and_none_is_taken(many: Stage) -> None:
    """Nothing changes, and the list lacks what is guarded."""
    code, shown = typed(many, "use", "data")

    assert (2, None) == (code, read_active(many.state))
    assert '"data" matches 2 profiles. Add a word:' in shown
    assert "ProdDataOwner" not in shown


@pytest.mark.parametrize(
    "command", [("use",), ("whoami",), ("credentials",), ("console", "--print")]
)
def test_a_guarded_profile_is_never_found(many: Stage, command: tuple[str, ...]) -> None:
    """It has to be named in full."""
    code, shown = typed(many, *command, "owner")

    assert (1, None) == (code, read_active(many.state))
    assert '"ProdDataOwner" is guarded. Name it in full' in shown


def test_a_script_has_to_name_the_profile(many: Stage) -> None:
    """Without a terminal a part of a name is an unknown name."""
    for command in ("use", "whoami", "credentials", "console"):
        done = many.tray(command, "data", "adm")
        assert 2 == done.code
        assert 'no profile "data adm"' in done.err
    assert 2 != many.tray("exec", "data", "adm", "--", "true").code
    assert read_active(many.state) is None


def test_words_before_a_command_find_its_profile(many: Stage) -> None:
    """``exec data adm -- env`` at a terminal runs it with that profile's credentials."""
    many.signed_in_by_cli()

    code, shown = typed(many, "exec", "data", "adm", "--", "printenv", "AWS_REGION", "AWS_PROFILE")
    found = typed(many, "whoami", "data", "adm")[1]

    assert '"data adm" matches data-admin.' in shown, code
    assert "FullAccess" in found


def test_profiles_lists_those_that_fit(many: Stage) -> None:
    """A filter changes nothing, so it also works in scripts and shows what is guarded."""
    shown = many.tray("profiles", "data")

    assert ["ProdDataOwner", "data-admin", "data-read"] == sorted(
        line.split()[0] for line in shown.out.splitlines()
    )


def test_the_list_narrows_and_enter_uses_a_profile(many: Stage) -> None:
    """Typing narrows the list, an arrow moves in it, and Enter makes that profile active."""
    with program(("-m", "tray", "use"), many.environ, many.home, "xterm") as terminal:
        terminal.press("", "type to search")
        terminal.press("data", "data-read")
        terminal.press(DOWN, "data-read")
        terminal.press(ENTER, "is the active profile")
        code = terminal.wait()

    assert (0, "data-read") == (code, read_active(many.state))


def test_enter_does_not_pick_a_guarded_profile(many: Stage) -> None:
    """The list shows it and says how it is picked; leaving changes nothing."""
    with program(("-m", "tray", "use"), many.environ, many.home, "xterm") as terminal:
        terminal.press("owner", "ProdDataOwner")
        terminal.press(ENTER, "is guarded")
        terminal.press(LEAVE, "")
        code = terminal.wait()

    assert (0, None) == (code, read_active(many.state))


def test_any_role_is_picked_for_its_console(many: Stage) -> None:
    """A guarded one too, as nothing is switched; the link shows which it was."""
    words = ("-m", "tray", "console", "--pick", "--print")
    with program(words, many.environ, many.home, "xterm") as terminal:
        terminal.press("owner", "ProdDataOwner")
        terminal.press(ENTER, "/#/console?account_id=")
        code = terminal.wait()

    assert (0, None) == (code, read_active(many.state))


def test_a_list_to_pick_from_needs_a_terminal(many: Stage) -> None:
    """In a script a role is named."""
    done = many.tray("console", "--pick")

    assert (2, True) == (done.code, "needs a terminal" in done.err)
