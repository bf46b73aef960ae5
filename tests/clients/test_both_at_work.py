"""We rewrite the token file under clients that run on, and while they write it themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.aws_cli import Version, aws_cli
from tests.clients.desk import CORP, IT_IS_ME, LEAN_MEMBERS, Desk, FileKind
from tests.clients.identity import CLIENTS, Answer, Client, ClientName, client
from tests.worker.signing_in import PATIENCE
from tray.core.outcomes import Adopted, RemovalJudged, Renewed
from tray.fake_aws.realm import fingerprint
from tray.worker.tokens.removal import judge_removed, undo_removal

clients = pytest.mark.parametrize("name", CLIENTS)
RUNNING: tuple[ClientName, ...] = ("boto3", "js", "js-chain")
"""The clients whose process lives on from one question to the next."""

each_kind = pytest.mark.parametrize("name", ["aws-newest", "aws-debian", "boto3", "js"])


def ask_until_used(who: Client, desk: Desk) -> set[Answer]:
    """
    Ask until AWS has seen the token that is published now; return all that was answered.

    The default chain of JavaScript answers from role credentials it holds and asks behind that.
    """
    token = fingerprint(desk.members()["accessToken"])
    answers = set()
    for _ in range(int(PATIENCE)):
        answers.add(who())
        try:
            desk.center.wait_for("GetRoleCredentials", timeout=1.0, status=200, token=token)
        except TimeoutError:
            continue
        return answers
    raise AssertionError("the published token was never used")


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "lean") for name in CLIENTS), *((name, "full") for name in RUNNING)],
)
def test_a_running_client_takes_the_renewed_token(
    name: ClientName, kind: FileKind, desk: Desk
) -> None:
    """The file is renewed under a running client, the old token dies, and it never notices."""
    desk.keep(kind, minutes=60)
    with client(name, desk.env, "dev") as who:
        answers = ask_until_used(who, desk)
        for _ in range(2):
            desk.center.kill_access_tokens()
            desk.renew()
            answers |= ask_until_used(who, desk)

    assert {IT_IS_ME} == answers
    assert 2 == desk.refreshes()


@pytest.mark.parametrize(
    ("name", "kind", "minutes"),
    [
        *((name, kind, 0) for name in RUNNING for kind in ("lean", "full")),
        *((name, "lean", 4) for name in RUNNING if name != "boto3"),
    ],
)
def test_a_running_client_that_has_failed_recovers(
    name: ClientName, kind: FileKind, minutes: int, desk: Desk
) -> None:
    """Expired, or near the end to JavaScript: once we have renewed the same process goes on."""
    desk.keep(kind, minutes=minutes)
    desk.center.fault("CreateToken", "InvalidGrantException", times=None)

    with client(name, desk.env, "dev") as who:
        before = who()
        desk.center.clear_faults()
        desk.renew()
        after = who()

    assert (None, IT_IS_ME) == (before.account, after)


@each_kind
def test_a_running_client_survives_a_removed_file(name: ClientName, desk: Desk) -> None:
    """Without the file it says so; once the sign-out on this machine is undone, it goes on."""
    desk.keep("lean", minutes=60)
    with client(name, desk.env, "dev") as who:
        before = who()
        desk.file().unlink()
        without = who()
        judged = judge_removed(CORP, desk.context)
        signed_out = who()
        undone = undo_removal(CORP, desk.context)
        after = who()

    assert [IT_IS_ME, None, None, IT_IS_ME] == [before, without.account, signed_out.account, after]
    assert "corp" in without.error or "dev" in without.error
    assert isinstance(judged, RemovalJudged)
    assert isinstance(undone, RemovalJudged)
    assert ("removed", "published") == (judged.verdict, undone.verdict)


@clients
def test_renewing_as_fast_as_we_can_disturbs_nobody(name: ClientName, desk: Desk) -> None:
    """Whatever moment of a renewal a client reads the lean file at, it gets a good token."""
    desk.keep("lean", minutes=14)

    with client(name, desk.env, "dev") as who, ThreadPoolExecutor() as threads:
        asking = threads.submit(lambda: [who() for _ in range(3)])
        outcomes = [desk.renew()]
        while not asking.done():
            outcomes.append(desk.renew())

    assert [IT_IS_ME] * 3 == asking.result()
    assert {Renewed} == {type(outcome) for outcome in outcomes}
    assert LEAN_MEMBERS == desk.members().keys()
    assert desk.refreshes() == len(outcomes)


@each_kind
def test_both_renew_a_full_file_at_once(name: ClientName, desk: Desk) -> None:
    """With one refresh token in both requests both get on, and the file left behind renews."""
    desk.keep("full", minutes=4)
    both = desk.center.fault("CreateToken", "hang", times=2)

    with ThreadPoolExecutor() as threads:
        theirs = threads.submit(desk.ask, name)
        ours = threads.submit(desk.renew)
        both.wait_hit(2, timeout=PATIENCE)
        both.release()

    assert IT_IS_ME == theirs.result()
    assert isinstance(ours.result(), Renewed)
    assert desk.center.accepts_refresh_token(desk.members()["refreshToken"])
    assert isinstance(desk.renew(), Renewed)
    assert IT_IS_ME == desk.ask(name)


@each_kind
def test_a_client_renews_while_we_adopt(name: ClientName, desk: Desk) -> None:
    """A client that writes a file we have just taken over is followed: nothing it got is lost."""
    desk.keep("full", minutes=4)
    desk.place.backend.state = "ready"
    slow = desk.center.fault("CreateToken", "hang", times=1)

    with ThreadPoolExecutor() as threads:
        theirs = threads.submit(desk.ask, name)
        slow.wait_hit(timeout=PATIENCE)
        adopted = desk.adopt()
        slow.release()

    assert isinstance(adopted, Adopted)
    assert IT_IS_ME == theirs.result()
    again = desk.adopt()
    assert isinstance(again, Adopted)
    assert "keyring" == again.store
    assert LEAN_MEMBERS == desk.members().keys()
    assert isinstance(desk.renew(), Renewed)
    assert IT_IS_ME == desk.ask(name)


@pytest.mark.parametrize("version", ["newest", "debian"])
def test_a_sign_in_by_the_aws_cli_during_our_renewal(version: Version, desk: Desk) -> None:
    """Whichever of the two writes last, the session renews and everybody is served."""
    desk.keep("lean", minutes=60)
    slow = desk.center.fault("CreateToken", "hang", times=1)

    with ThreadPoolExecutor() as threads:
        ours = threads.submit(desk.renew)
        slow.wait_hit(timeout=PATIENCE)
        done = aws_cli(version, "sso", "login", "--sso-session", "corp", env=desk.env)
        slow.release()

    assert 0 == done.returncode, done.stderr
    assert isinstance(ours.result(), Renewed)
    desk.adopt()
    assert LEAN_MEMBERS == desk.members().keys()
    assert isinstance(desk.renew(), Renewed)
    assert IT_IS_ME == desk.ask("boto3")
