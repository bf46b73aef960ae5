"""Two configs in one home: what each of them may do, and what both have in common."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cli.stage import CONFIG, Stage
from tray.ipc.agent_client import AgentClient
from tray.system.paths import Paths, world

OTHER_PORTAL = CONFIG.replace("corp", "other-name").replace(
    "[sso-session other]", "[sso-session corp]"
)


def second(stage: Stage, text: str = CONFIG) -> dict[str, str]:
    """Write another config, and return the variables of a program that uses it."""
    path = stage.home / "second-config"
    path.write_text(text)
    return {"AWS_CONFIG_FILE": str(path), "XDG_STATE_HOME": str(stage.home / "second-state")}


def shared(stage: Stage, **variables: str) -> list[str | None]:
    """Return what ``status --json`` says of what "corp" shares, and what is said in words."""
    sentence = stage.status("corp", **variables)["shared"]
    words = stage.tray("status", **variables).out
    return [sentence, next((one for one in words.splitlines() if "token file" in one), None)]


@pytest.mark.parametrize("by_daemon", [False, True])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CONFIG, "corp: ~/.aws/config has it, too, and both use one token file: "),
        (OTHER_PORTAL, "corp: In ~/.aws/config it is another portal, and both use one token"),
    ],
)
def test_status_says_that_a_token_file_is_shared(
    stage: Stage, text: str, told: str, *, by_daemon: bool
) -> None:
    """Once, by a daemon of the second config and without one; the usual config says nothing."""
    variables = second(stage, text)
    if by_daemon:
        stage.environ |= variables
        with stage.daemon():
            said = shared(stage)
    else:
        said = shared(stage, **variables)

    assert [True, True] == [one is not None and told in one for one in said], said
    if not by_daemon:
        assert [None, None] == shared(stage)


def test_one_config_by_two_names_shares_nothing(stage: Stage) -> None:
    """A link to a config elsewhere, as of people with dotfiles, is no second config."""
    variables = second(stage)
    stage.config.unlink()
    stage.config.symlink_to(variables["AWS_CONFIG_FILE"])

    assert [None, None] == shared(stage, **variables)


def test_beside_another_configs_daemon_a_sign_in_leaves_the_full_file(stage: Stage) -> None:
    """Its commands act alone: who will renew are the AWS CLI and SDKs."""
    variables = second(stage, CONFIG.replace("corp", "second"))
    with stage.daemon():
        done = stage.tray("login", "second", **variables)
        renewer = stage.status("second", **variables)["renewed_by"]
        known = [one["key"] for one in stage.tray("status", "--json").json()["sessions"]]

    written = json.loads(stage.file_of("second").read_bytes())
    assert 0 == done.code, done.err
    assert written["refreshToken"]
    assert "clients" == renewer
    assert "second" not in known


@pytest.mark.parametrize("by_daemon", [False, True])
def test_a_pick_with_a_second_config_leaves_the_first_alone(
    stage: Stage, *, by_daemon: bool
) -> None:
    """A name may be another account there: `use` fails until all is apart or nothing picked."""
    variables = second(stage, CONFIG.replace("123456789011", "123456789012"))
    shared_state = {**variables, "XDG_STATE_HOME": stage.environ["XDG_STATE_HOME"]}
    with stage.daemon() if by_daemon else nullcontext():
        stage.tray("use", "dev")
        stage.tray("apply", "default")
        before = stage.config.read_bytes()
        refused = stage.tray("use", "reader", **shared_state)
        active = stage.tray("status", "--json").json()["active_profile"]
        after = stage.config.read_bytes()
        apart = stage.tray("use", "reader", **variables)
        stage.tray("use", "--none")
        still = stage.tray("use", "reader", **shared_state)
        stage.tray("apply", "default", "--off")
        free = stage.tray("use", "reader", **shared_state)

    assert [1, 0, 1, 0] == [one.code for one in (refused, apart, still, free)], free.err
    assert f"The active profile is that of {stage.config} and would change there" in refused.err
    assert (before, "dev") == (after, active)


def test_the_daemon_of_a_second_config_picks_nothing_for_the_first(stage: Stage) -> None:
    """However it is asked: a click, the page and the command are one request to it."""
    stage.tray("use", "dev")
    stage.tray("apply", "default")
    before = stage.config.read_bytes()
    variables = second(stage, CONFIG.replace("123456789011", "123456789012"))
    stage.environ["AWS_CONFIG_FILE"] = variables["AWS_CONFIG_FILE"]
    with stage.daemon():
        paths = Paths.from_environment(stage.environ)
        with AgentClient(paths.runtime_sockets, world(stage.environ)) as agent:
            answer = agent.done("use", profile="reader")
        active = stage.tray("status", "--json").json()["active_profile"]

    assert 1 == answer["exit"]
    assert "The active profile is that of" in answer["sentence"]
    assert ("dev", before) == (active, stage.config.read_bytes())


def test_a_second_config_may_have_a_daemon_of_its_own(stage: Stage) -> None:
    """With state and runtime directories of its own: each answers for its own sessions."""
    run = stage.home / "second-run"
    run.mkdir(mode=0o700)
    variables = {**second(stage, CONFIG.replace("corp", "second")), "XDG_RUNTIME_DIR": str(run)}
    own = Stage.__new__(Stage)
    own.home, own.center, own.environ = stage.home, stage.center, {**stage.environ, **variables}
    with stage.daemon(), own.daemon():
        residents = [
            one.tray("status", "--json").json()["resident"]["pid"] for one in (stage, own)
        ]
        keys = [
            {one["key"] for one in each.tray("status", "--json").json()["sessions"]}
            for each in (stage, own)
        ]

    assert 2 == len(set(residents))
    assert ["corp" in keys[0], "second" in keys[0]] == [True, False]
    assert ["corp" in keys[1], "second" in keys[1]] == [False, True]
    assert Path(variables["XDG_STATE_HOME"], "sso-tray").is_dir()
