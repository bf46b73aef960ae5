"""``settings set`` and ``settings reset``: one setting at a time, beside config.toml."""

from __future__ import annotations

from tests.cli.stage import Stage
from tests.cli.test_policy import policy
from tray.core.text import settings_text


def test_a_setting_is_set_and_reset(stage: Stage) -> None:
    """What is set here wins over config.toml, which stays; a reset gives that way again."""
    file = stage.home / ".config/sso-tray/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('guarded = ["mine"]\n')

    chosen = stage.tray("settings", "set", "guarded", "*prod*")
    listed = stage.tray("settings", "guarded")
    back = stage.tray("settings", "reset", "guarded")
    again = stage.tray("settings", "reset", "guarded")

    assert (0, 'guarded is ["*prod*"].\n') == (chosen.code, chosen.out)
    assert 'guarded  ["*prod*"]  the menu or page\n' == listed.out
    assert (0, 'guarded is ["mine"] again (config.toml).\n') == (back.code, back.out)
    assert (1, f"sso-tray: guarded is set in {file}. Change it there.\n") == (
        again.code, again.err,
    )  # fmt: skip
    assert 'guarded = ["mine"]\n' == file.read_text()


def test_what_cannot_be_set_is_refused(stage: Stage) -> None:
    """A wrong value, an unknown session, a lock and a password each end with one sentence."""
    site = policy(stage, 'locked = ["guarded"]\nguarded = ["*prod*"]\n')

    said = [
        (done.code, done.err.removeprefix("sso-tray: ").strip())
        for done in (
            stage.tray("settings", "set", "privacy.keep_days", "never"),
            stage.tray("settings", "set", "sessions.crop.length_hours", "9"),
            stage.tray("settings", "set", "guarded"),
            stage.tray("settings", "set", "sessions.corp.proxy", "http://a:b@proxy:1"),
        )
    ]

    assert [
        (1, "privacy.keep_days must be a number of days, up to ten years."),
        (2, 'The AWS config has no session "crop". Did you mean "corp"?'),
        (1, f"Your administrator has set it in {site}."),
        (1, settings_text.SEEN_BY_OTHERS),
    ] == said  # fmt: skip
    assert not (stage.state / "settings.json").exists()
