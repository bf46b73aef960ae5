"""Signing in, out and on by the real command."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from tests.cli.stage import PATIENCE, Stage, closed_port
from tests.system.test_transport import ROOT_ONLY, SECOND_USER, as_second_user
from tests.worker.loopback import request
from tests.worker.signing_in import port_in, state_in
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.storage.session_records import Records

LEAN = {"startUrl", "region", "accessToken", "expiresAt"}


def test_login_opens_the_browser_here_and_the_session_is_signed_in(either: Stage) -> None:
    """Having typed ``login`` opens one page, and the CLI's cache file is there (L1, L6)."""
    done = either.tray("login", "corp")

    assert (0, "") == (done.code, done.err)
    assert 1 == len(either.opened())
    assert either.opened()[0] in done.out
    assert "signed-in" == either.status()["state"]
    assert LEAN < set(json.loads(either.file_of("corp").read_text()))


def test_login_of_a_signed_in_session_opens_nothing(either: Stage) -> None:
    """A session that works is left alone, and that is success (L7)."""
    either.tray("login", "corp")

    done = either.tray("login", "corp")

    assert 0 == done.code
    assert "already signed in" in done.out
    assert 1 == len(either.opened())


def test_several_logins_at_once_open_one_page(stage: Stage) -> None:
    """Without a daemon, too: one signs in, the others wait for it and succeed with it."""
    started = [stage.start("login", "corp") for _ in range(4)]

    ended = [process.communicate(timeout=PATIENCE) for process in started]

    assert [0] * 4 == [process.returncode for process in started], ended
    assert 1 == len(stage.opened())
    assert 1 == stage.center.count("CreateToken")


def test_a_login_that_waits_for_another_ends_with_it_or_by_ctrl_c(stage: Stage) -> None:
    """The other's failure is its own, without a second page; Ctrl-C ends the waiting alone."""
    stalled = stage.center.fault("RegisterClient", "hang")
    with stage.start("login", "corp") as first:
        stalled.wait_hit()
        with stage.start("login", "corp") as second, stage.start("login", "corp") as third:
            for waiting in (second, third):
                assert waiting.stderr is not None
                assert "Another sign-in" in waiting.stderr.readline()
            second.send_signal(signal.SIGINT)
            gave_up = second.communicate(timeout=PATIENCE)[1]
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=PATIENCE)
            left = third.communicate(timeout=PATIENCE)[1]
        stalled.release()

    assert [1, 1, 1] == [one.returncode for one in (first, second, third)]
    assert "was cancelled" in gave_up
    assert "was not completed" in left
    assert [] == stage.opened()


def test_a_name_of_both_is_the_session_and_a_profile_stands_for_its_session(stage: Stage) -> None:
    """``corp`` is a session and a profile of ``other``: the session is meant (C1)."""
    stage.tray("login", "corp")
    stage.tray("login", "far")

    assert stage.file_of("corp").exists()
    assert stage.file_of("other").exists()


def test_login_all_takes_each_that_needs_it(either: Stage) -> None:
    """Signed-in sessions are skipped; then there is nothing left to do (L7)."""
    either.tray("login", "corp")

    first, second = either.tray("login", "--all"), either.tray("login", "--all")

    assert (0, 0) == (first.code, second.code)
    assert 3 == len(either.opened())
    assert "You're signed in to every session.\n" == second.out


def test_login_all_goes_on_after_a_failure_and_ends_with_1(stage: Stage) -> None:
    """One session that AWS refuses does not keep the others from being signed in."""
    stage.center.any_start_url = False

    done = stage.tray("login", "--all")

    assert 1 == done.code
    assert "other: " in done.err
    assert "signed-in" == stage.status()["state"]


def test_a_legacy_session_is_signed_in_by_a_code_that_is_shown(either: Stage) -> None:
    """The page opens with the code filled in, and the terminal shows it to be compared (L8)."""
    done = either.tray("login", "old")

    (page,) = either.opened()
    code = page.partition("user_code=")[2]
    assert 0 == done.code
    assert f"Code: {code} " in done.out


def test_without_a_browser_a_code_is_offered_and_why_is_said(either: Stage) -> None:
    """Without a browser nothing is opened, and a code can be entered anywhere (L1)."""
    either.center.device_auto_approve = True

    done = either.tray("login", "corp", BROWSER=None, SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22")

    assert 0 == done.code
    assert "SSH" in done.err
    assert "Code: " in done.out
    assert "signed-in" == either.status()["state"]


def test_no_browser_prints_the_link_alone(stage: Stage) -> None:
    """``--no-browser`` opens nothing; whoever opens the link finishes the sign-in."""
    with stage.start("login", "corp", "--no-browser") as process:
        assert process.stdout is not None
        link = next(line.strip() for line in process.stdout if line.startswith("  http"))
        stage.browse(link)
        out, err = process.communicate(timeout=PATIENCE)

    assert (0, "") == (process.returncode, err)
    assert 'Signed in to "corp"' in out
    assert [] == stage.opened()


def test_the_callback_port_can_be_fixed(stage: Stage) -> None:
    """``--callback-port`` is where the browser's answer is expected, for forwarding by SSH."""
    port = closed_port()

    done = stage.tray("login", "corp", "--callback-port", str(port))

    assert 0 == done.code
    assert f"127.0.0.1%3A{port}%2F" in done.out


def test_afresh_ends_the_portal_session_first(either: Stage) -> None:
    """``--afresh`` signs the old portal session out, so that the clock truly restarts (L9)."""
    either.tray("login", "corp")

    done = either.tray("login", "corp", "--afresh")

    assert 0 == done.code
    assert 1 == either.center.count("Logout")
    assert 2 == len(either.opened())


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_cancels_the_sign_in(either: Stage) -> None:
    """Ctrl-C ends the wait with one sentence, exit code 1, and the old token is untouched."""
    either.center.auto_approve = False
    with either.start("login", "corp", "--no-browser") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("  http"))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert 1 == process.returncode
    assert 1 == len(err.splitlines())
    assert "cancelled" in err
    assert "signed-out" == either.status()["state"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_says_that_afresh_had_ended_the_session(either: Stage) -> None:
    """L9: who cancels an afresh sign-in is told that the session before it is over."""
    either.tray("login", "corp")
    either.center.auto_approve = False
    with either.start("login", "corp", "--afresh", "--no-browser") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("  http"))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert 1 == process.returncode
    assert "was cancelled. The previous session is already signed out" in err
    assert "expired" == either.status()["state"]
    either.until(lambda: not either.status()["renews"])
    assert "sign in again" in either.tray("status").out


def test_login_never_reads_standard_input(stage: Stage) -> None:
    """A login in a pipeline leaves its input to whom it belongs (L7)."""
    with stage.start("login", "corp", with_input=True) as process:
        assert process.stdin is not None
        out, _ = process.communicate("yes\n", timeout=PATIENCE)

    assert 0 == process.returncode
    assert 'Signed in to "corp"' in out


def test_logout_ends_the_session_at_aws_and_here(either: Stage) -> None:
    """After ``logout`` the token is dead at AWS, its file is gone, and repeating it is success."""
    either.tray("login", "corp")
    token = json.loads(either.file_of("corp").read_text())["accessToken"]

    first, again = either.tray("logout", "corp"), either.tray("logout", "corp")

    assert (0, 0) == (first.code, again.code)
    assert not either.file_of("corp").exists()
    assert not either.center.accepts_access_token(token)
    assert "signed-out" == either.status()["state"]


def test_logout_offline_says_what_remains(stage: Stage) -> None:
    """Without AWS what is here is gone all the same, and the sentence tells what is not (K6)."""
    stage.signed_in_by_cli()

    done = stage.tray("logout", "corp", **stage.unreachable())

    assert 0 == done.code
    assert "AWS couldn't be reached" in done.out
    assert not stage.file_of("corp").exists()


def test_renew_brings_a_new_token(either: Stage) -> None:
    """``renew`` asks AWS now, whatever the token's age."""
    either.tray("login", "corp")
    before = json.loads(either.file_of("corp").read_text())["accessToken"]

    done = either.tray("renew", "corp")

    after = json.loads(either.file_of("corp").read_text())["accessToken"]
    assert 0 == done.code
    assert before != after
    assert either.center.accepts_access_token(after)


def test_renew_of_what_is_not_signed_in_needs_a_person(either: Stage) -> None:
    """Exit code 3: no renewal can help, a sign-in would."""
    done = either.tray("renew", "corp")

    assert (3, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())


def test_renew_after_the_session_was_ended_needs_a_person(either: Stage) -> None:
    """A refused renewal is told as such, and ``status`` knows it from then on."""
    either.tray("login", "corp")
    either.center.revoke()

    done = either.tray("renew", "corp")

    assert 3 == done.code
    assert 3 == either.tray("status", "corp").code


def test_a_session_of_the_active_profile_is_meant_where_none_is_named(stage: Stage) -> None:
    """``AWS_PROFILE`` comes before the recorded profile; without both one must be named."""
    stage.signed_in_by_cli("corp")
    stage.signed_in_by_cli("other")
    stage.tray("use", "dev")

    exported = stage.tray("renew", AWS_PROFILE="far")
    recorded = stage.tray("renew")
    stage.tray("use", "--none")
    nobody = stage.tray("renew")

    assert 'Renewed "other"' in exported.out
    assert 'Renewed "corp"' in recorded.out
    assert 2 == nobody.code
    assert "corp, other" in nobody.err


def test_release_hands_the_session_back_once(either: Stage) -> None:
    """A released session keeps working for the AWS CLI, and ``status`` says who keeps it (K7)."""
    either.tray("login", "corp")

    done = either.tray("release", "corp")

    entry = either.status()
    assert 0 == done.code
    assert ("released", "signed-in") == (entry["keeper"], entry["state"])
    assert "refreshToken" in json.loads(either.file_of("corp").read_text())


def test_a_session_is_known_by_the_name_that_status_shows(either: Stage) -> None:
    """C1: what stands on the screen can be typed, a legacy session's short name too."""
    url = "https://legacy.awsapps.com/start"
    legacy = f"[profile ancient]\nsso_start_url = {url}\nsso_region = us-east-1\n"
    either.config.write_text(f"{either.config.read_text()}\n{legacy}")
    either.until(lambda: "legacy.awsapps.com" in either.tray("status").out)
    either.signed_in_by_cli(url)

    done = [
        either.tray(command, "legacy.awsapps.com") for command in ("status", "renew", "logout")
    ]

    assert [0, 0, 0] == [one.code for one in done], [one.err for one in done]
    assert not either.file_of(url).exists()


def test_login_asks_the_portal_before_it_says_already(either: Stage) -> None:
    """A token that AWS has ended unseen is no reason to open nothing (L7)."""
    either.tray("login", "corp")
    either.center.revoke()

    done = either.tray("login", "corp")

    assert (0, 2) == (done.code, len(either.opened()))
    assert "already" not in done.out


@pytest.mark.parametrize("words", [("logout", "corp"), ("login", "corp", "--afresh")])
def test_sessions_of_one_portal_are_named_before_they_end(
    stage: Stage, words: tuple[str, ...]
) -> None:
    """Who signs out of one session of a portal is told which others go with it (K6, L9)."""
    twin = stage.config.read_text().replace("[sso-session other]", _TWIN)
    stage.config.write_text(twin)
    stage.tray("login", "corp")

    done = stage.tray(*words)

    assert 0 == done.code
    assert 'Signing out of "corp" also ends twin: it uses the same Identity Center.' in done.err
    assert "SDKs for Rust, Java, C++ and Ruby keep the old sign-in: restart them" in done.err


@pytest.mark.parametrize("words", [("logout", "own"), ("logout", "corp")])
def test_a_vanity_url_and_its_portal_are_named_as_one(
    stage: Stage, words: tuple[str, ...]
) -> None:
    """Where it led at the last sign-in is remembered; to another URL it does not apply."""
    own = "https://sso.corp.example/start"
    twin = _TWIN.replace("twin", "own").replace(f"{DEFAULT_START_URL}#/", own)
    stage.config.write_text(stage.config.read_text().replace("[sso-session other]", twin))
    Records(stage.state).change("own", portal=(own, DEFAULT_START_URL))
    known = stage.tray(*words)
    Records(stage.state).change("own", portal=(f"{own}2", DEFAULT_START_URL))
    unknown = stage.tray(*words)

    assert [True, False] == ["it uses the same Identity" in one.err for one in (known, unknown)]


_TWIN = f"""\
[sso-session twin]
sso_start_url = {DEFAULT_START_URL}#/
sso_region = us-east-1

[sso-session other]"""


def test_undo_where_nothing_was_removed(either: Stage) -> None:
    """K5, C1: one sentence, exit 1; no browser is opened, and none can be asked for."""
    done = either.tray("login", "corp", "--undo")
    every = either.tray("login", "--all", "--undo")
    both = either.tray("login", "corp", "--undo", "--afresh")

    assert (1, "sso-tray: Nothing to undo") == (done.code, done.err[:25])
    assert (0, "There is nothing to undo.\n") == (every.code, every.out)
    assert (2, []) == (both.code, either.opened())


KNOCK = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
    try:
        one.sendall(sys.stdin.read().encode())
        print(len(one.recv(100)))
    except ConnectionError:
        print(0)
"""


@ROOT_ONLY
def test_another_user_who_has_read_the_link_is_told_of_in_the_terminal(either: Stage) -> None:
    """T3: he is turned away however often he tries, said and logged once, and it goes on."""
    opens_nothing = either.home / "opens-nothing.py"
    opens_nothing.write_text("import sys; open(sys.argv[1], 'a').write(sys.argv[2] + chr(10))")
    browser = f"{sys.executable} {opens_nothing} {either.browser_log} %s"
    signing_in = either.start("login", "corp", BROWSER=browser)
    either.until(lambda: bool(either.opened()))
    link = either.opened()[0]
    port, state = port_in(link), state_in(link).reveal()
    path = f"/oauth/callback?code=his&state={state}"

    his = [
        as_second_user(KNOCK, port, typed=request(port, path).decode()).stdout for _ in range(2)
    ]
    either.browse(link)
    _, err = signing_in.communicate(timeout=PATIENCE)

    assert (0, ["0\n"] * 2) == (signing_in.returncode, his)
    log = (either.state / "sso-tray.log").read_text()
    told = f"Another user of this computer (uid {SECOND_USER}) has connected"
    assert (1, 1) == (err.count(told), log.count(told))


def test_what_two_configs_share_is_said_before_it_changes(either: Stage) -> None:
    """One token cache serves both: to sign in or out with one does so with the other, or worse."""
    second = either.home / "second-config"
    second.write_text(either.config.read_text().replace("https://other.", "https://another."))
    variables = {"AWS_CONFIG_FILE": str(second)}

    told = [
        either.tray(*words, **variables).err
        for words in (("login", "corp"), ("login", "other"), ("logout", "corp"))
    ]
    usual = either.tray("login", "corp").err

    same, another = "does so with the other.", "replaces that of the other."
    assert [True] * 3 == [
        "one token file: " in err and words in err
        for err, words in zip(told, (same, another, same), strict=True)
    ]
    assert "one token file" not in usual
