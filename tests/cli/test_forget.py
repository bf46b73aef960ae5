"""``forget``: the history and the accounts, with and without a running daemon."""

from __future__ import annotations

import json

import pytest

from tests.cli.stage import Stage


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ((), set()),
        (("--history",), {"accounts.json"}),
        (("--accounts",), {"history.jsonl"}),
        (("--accounts", "--history"), set()),
    ],
)
def test_it_deletes_what_was_asked_for(
    stage: Stage, options: tuple[str, ...], left: set[str]
) -> None:
    """Both without an option, and a second time says that there is nothing."""
    stage.tray("login", "corp")
    entry = {"start_url": "x", "region": "y", "listed_at": 1.0, "accounts": [], "changes": None}
    accounts = stage.state / "accounts.json"
    accounts.write_text(json.dumps({"version": 1, "sessions": {"corp": entry}}))
    assert (stage.state / "history.jsonl").exists()

    done, again = stage.tray("forget", *options), stage.tray("forget", *options)

    names = {"accounts.json", "history.jsonl"}
    assert left == {path.name for path in stage.state.iterdir()} & names
    assert (0, 0) == (done.code, again.code)
    assert done.out.startswith("Forgotten: the ")
    assert "There is nothing to forget." in again.out


def test_a_running_daemon_goes_on(stage: Stage) -> None:
    """What happens afterwards is the whole history."""
    with stage.daemon():
        stage.tray("login", "corp")
        assert 0 == stage.tray("forget").code
        stage.tray("renew", "corp")

    whats = [
        json.loads(line)["what"]
        for line in (stage.state / "history.jsonl").read_text().splitlines()
    ]
    assert "renewed" in whats
    assert "signed-in" not in whats


def test_what_is_older_than_the_settings_keep_goes_by_itself(stage: Stage) -> None:
    """The daemon tidies up with the first thing that happens, and then once a day."""
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[privacy]\nkeep_days = 1\n")
    stage.state.mkdir(parents=True, mode=0o700)
    history = stage.state / "history.jsonl"
    history.write_text('{"at": "2020-01-01T00:00:00Z", "what": "renewed", "session": "corp"}\n')

    with stage.daemon():
        stage.tray("login", "corp")

    assert "2020" not in history.read_text()
