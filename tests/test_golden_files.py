"""What earlier versions stored and sent is read whole, whatever our classes are called today."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import tokenize
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.home import home_variables
from tray.cli import log_command
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.json_members import BadDocument
from tray.core.lineage import Lineage, TokenPair
from tray.core.model import (
    Memory,
    Preferences,
    Profile,
    Removal,
    SessionEnd,
    SsoSession,
    TokenFacts,
    Trouble,
)
from tray.core.outcomes import (
    Adopted,
    Outcome,
    Refused,
    Released,
    RemovalJudged,
    Renewed,
    SignedOut,
    Unrenewable,
    outcome_from_json,
)
from tray.core.profiles.managed_profile import ManagedSection, Owned
from tray.daemon.agent_server import Agent, AgentHandlers
from tray.errors import Unreachable, UserMustAct
from tray.ipc.agent_client import AgentClient, BadLine, OtherWorld, decode
from tray.managed import managed_sections
from tray.managed.managed_sections import read_applied
from tray.managed.section_plan import ManagedContext
from tray.secret import Secret
from tray.storage.active_profile import read_active, read_previous, write_prompt
from tray.storage.logs import History
from tray.storage.session_records import Record, Records
from tray.storage.settings import read_settings
from tray.system.paths import Paths
from tray.worker.keyring import item_document

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "data/golden/0.1.0"
START = "https://sso-portal.awsapps.com/start"
RELEASED = "The refresh token of devto-article is in its file again; the AWS CLI renews it now."
SESSION = SsoSession("devto-article", START, "eu-west-2", profiles=("dev-profile", "test-profile"))


def golden(name: str) -> bytes:
    """Return one golden file."""
    return (GOLDEN / name).read_bytes()


def lines(name: str) -> list[dict[str, Any]]:
    """Return a golden file of JSON lines."""
    return [json.loads(line) for line in golden(name).splitlines()]


# --- state.json -----------------------------------------------------------------------------

WHOLE = Record(
    store="keyring",
    handed_back=(1900000000.0, 1900000300.5),
    contested=True,
    unscoped=True,
    unstored="0123456789abcdef",
    signed_out=("fedcba9876543210", "00112233445566ff"),
    memory=Memory(
        started_at=1899990000.0,
        lengths=(28800.0, 36000.5),
        end=SessionEnd(1900028800.0, "exact", "0123456789abcdef"),
        refused="0123456789abcdef",
        used_at=1900000000.25,
        notified=frozenset({"ending:0123456789abcdef:900", "expired:0123456789abcdef"}),
    ),
)
LEGACY = "https://d-9067642ac7.awsapps.com/start"


def test_the_records_of_0_1_are_read_whole(tmp_path: Path) -> None:
    """K1: token store, counts and memory of each session are as version 0.1 left them."""
    (tmp_path / "state.json").write_bytes(golden("state.json"))

    expected = {
        "corp": WHOLE,
        LEGACY: Record(store="file", memory=Memory(end=SessionEnd(1900040000.0, "learnt", ""))),
        "lab": Record(store="released"),
        "never": Record(memory=Memory(used_at=1.0)),
    }
    assert expected == Records(tmp_path).read()


def test_the_records_of_0_2_are_read_whole(tmp_path: Path) -> None:
    """K1: so are lineage, what is remembered beside the memory, and how often it was written."""
    (tmp_path / "state.json").write_bytes((GOLDEN.parent / "0.2.0" / "state.json").read_bytes())
    records = Records(tmp_path)

    read = records.read()
    records.change("lab", store="released")

    token = TokenFacts("0123456789abcdef", 1900003600.0, 1900000000.0, False, START, "eu-west-2")
    corp = replace(
        WHOLE,
        lineage=Lineage((TokenPair("00112233445566ff", "a" * 16), TokenPair("0123456789abcdef"))),
        endpoint=("0123456789abcdef", "https://oidc.example"),
        folder="66306:12",
        memory=replace(
            WHOLE.memory,
            dead="00112233445566ff",
            trouble=Trouble("0123456789abcdef", "offline", "No way.", 2, 1e9, 2e9, 3e9),
            given=token,
            removed="00112233445566ff",
            removal=Removal("00112233445566ff", 1900000000.0, 60.0),
            undone_at=1899999000.0,
            signed_out=True,
            doubted="0123456789abcdef",
        ),
    )
    assert {"corp": corp} == read
    assert 2 == json.loads(records.path.read_bytes())["writes"]


def test_version_0_1_would_read_the_records_of_this_one(tmp_path: Path) -> None:
    """A downgrade loses nothing: members are only added, and none to the strict memory."""
    document = json.loads(golden("state.json"))
    records = Records(tmp_path)
    for key, entry in document["sessions"].items():
        record, _ = Record.from_json(entry)
        fields = {name: getattr(record, name) for name in Record.__slots__}
        records.change(key, **fields)
    written = json.loads(records.path.read_bytes())

    assert written.pop("writes") == len(document["sessions"])
    sessions = {
        key: {name: entry[name] for name in document["sessions"][key]}
        for key, entry in written["sessions"].items()
    }
    assert document == written | {"sessions": sessions}


def test_members_of_a_later_version_stay_in_the_records(tmp_path: Path) -> None:
    """What is unknown is ignored, and still there after a change."""
    records = Records(tmp_path)
    document = json.loads(golden("state.json"))
    document["later"] = 1
    document["sessions"]["corp"]["later"] = [2]
    document["sessions"]["corp"]["memory"]["later"] = {"a": 3}
    records.path.write_text(json.dumps(document))

    before = records.of("corp")
    records.change("corp", store="file")
    after = json.loads(records.path.read_bytes())

    assert (WHOLE, "file") == (before, records.of("corp").store)
    assert document | {"sessions": after["sessions"], "writes": 1} == after
    corp = after["sessions"]["corp"]
    assert (1, [2], {"a": 3}) == (after["later"], corp["later"], corp["memory"]["later"])
    assert not (tmp_path / "state.json.broken").exists()


def test_records_of_a_later_format_are_kept_aside(tmp_path: Path) -> None:
    """A file of version 2 is not read as something it is not, and not lost."""
    records = Records(tmp_path)
    later = golden("state.json").replace(b'"version": 1', b'"version": 2')
    records.path.write_bytes(later)

    before = records.read()
    records.change("corp", store="file")

    assert ({}, {"corp": Record(store="file")}) == (before, records.read())
    assert later == (tmp_path / "state.json.broken").read_bytes()


# --- applied.json ---------------------------------------------------------------------------


def applied_of(name: str, state: Path, config: Path) -> ManagedContext:
    """Put a golden ``applied.json`` and its config where they belong."""
    state.mkdir(parents=True)
    config.parent.mkdir(parents=True)
    config.write_bytes(golden("applied/config"))
    place = json.dumps("/home/ada/.aws/config").encode()
    moved = golden(f"applied/{name}").replace(place, json.dumps(str(config)).encode())
    (state / "applied.json").write_bytes(moved)
    (state / "active-profile").write_text("dev\n")
    return ManagedContext(
        Paths.from_environment(home_variables(config.parents[1])), (), lambda: ("/bin/false",)
    )


@pytest.fixture
def managed(tmp_path: Path) -> ManagedContext:
    """Return a home in which version 0.1 has applied both targets."""
    state = Paths.from_environment(home_variables(tmp_path)).state
    return applied_of("applied.json", state, tmp_path / ".aws/config")


DEV = Owned(
    ("sso_session", "sso_account_id", "sso_role_name", "region", "output"),
    "fe275fb265d0bc2ca7550eeb7d701d1c578132cdb18befcdb891204d2bf635c6",
    created=True,
    gap=True,
    mirrors=("corp", "123456789011", "Dev"),
)
READER = Owned(
    ("sso_session", "sso_account_id", "sso_role_name"),
    "665a5c962eabb87b358bf91b49949f2a63fcfa3a21c45758c04bc2ddab51dadd",
    created=True,
    gap=True,
    mirrors=("corp", "123456789012", "Reader"),
)
PROCESS = Owned(
    ("credential_process", "region"),
    "f6907111986f283e5b6c9021d5709df9c42f30a3a5d24360a588f3614b89a911",
    created=True,
    gap=True,
)


@pytest.mark.parametrize(
    ("name", "ours"), [("applied.json", (DEV,)), ("applied-killed.json", (DEV, READER))]
)
def test_what_0_1_applied_is_read_whole(
    tmp_path: Path, name: str, ours: tuple[Owned, ...]
) -> None:
    """A4: both targets, and both of what may stand in the file after a kill, are known."""
    (tmp_path / "applied.json").write_bytes(golden(f"applied/{name}"))

    file = "/home/ada/.aws/config"
    expected = {
        "default": ManagedSection(wanted=True, owned=ours, file=file),
        "process": ManagedSection(wanted=True, owned=(PROCESS,), file=file),
    }
    assert expected == read_applied(tmp_path)


def test_what_0_1_applied_is_taken_back_byte_for_byte(managed: ManagedContext) -> None:
    """`apply ... --off` gives the config back as it was before version 0.1 changed it."""
    state = managed.paths.state
    document = json.loads((state / "applied.json").read_bytes())
    document["later"] = {"type": "Applied"}
    document["default"]["later"] = 1
    (state / "applied.json").write_text(json.dumps(document))

    taken = [managed_sections.take_back(managed, one) for one in ("process", "default")]
    after = json.loads((state / "applied.json").read_bytes())

    assert [True, True] == taken
    assert golden("applied/config.before") == managed.files.config.read_bytes()
    assert ({"type": "Applied"}, 1) == (after["later"], after["default"]["later"])


def test_applied_json_is_written_as_0_1_did(managed: ManagedContext) -> None:
    """A downgrade by one version finds its sections: what it reads is the same."""
    state = managed.paths.state
    before = (state / "applied.json").read_bytes()
    managed_sections.take_back(managed, "default")
    managed_sections.apply(managed, "default")

    document = json.loads((state / "applied.json").read_bytes())
    assert {"default": 5} == {name: len(one) for name, one in document.pop("written").items()}
    assert before == json.dumps(document, indent=1).encode() + b"\n"


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"{",
        b'{"version": 2}',
        b'{"version": 1, "default": {"type": "Applied"}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_applied_json_is_said_and_left_alone(
    managed: ManagedContext, spoilt: bytes
) -> None:
    """Nothing is written over it, the config stays, and `status` and the command name the file."""
    place = managed.paths.state / "applied.json"
    place.write_bytes(spoilt)
    config = managed.files.config.read_bytes()

    with pytest.raises(UserMustAct, match=re.escape(str(place))):
        managed_sections.take_back(managed, "default")
    with pytest.raises(UserMustAct, match=re.escape(str(place))):
        managed_sections.apply(managed, "default")
    with pytest.raises(UserMustAct, match=re.escape(str(place))):
        managed_sections.follow(managed)
    (problem,) = managed_sections.problems(managed.paths.state)

    assert str(place) in problem
    assert (spoilt, config) == (place.read_bytes(), managed.files.config.read_bytes())


# --- Settings, active profile, keyring item, package note ----------------------------------


def test_the_settings_of_0_1_are_read_whole(tmp_path: Path) -> None:
    """Both files, each setting; what the menu set wins."""
    (tmp_path / "settings.json").write_bytes(golden("settings.json"))

    found = read_settings(GOLDEN / "config.toml", tmp_path)

    expected = Preferences(
        warn_before=(1200.0, 300.0),
        adopt=False,
        guarded=("*prod*",),
        session_lengths=(("corp", 43200.0),),
    )
    assert (expected, ()) == (found.preferences, found.problems)
    assert ("sso-tray", True, False, True) == (
        found.keyring_service,
        found.empty_refresh_members,
        found.notices,
        found.log_debug,
    )
    assert ("firefox -P work %s", "firefox %s", "firefox -P prod %s") == (
        found.browser("corp"),
        found.browser("lab"),
        found.browser("lab", "prod"),
    )


def test_the_active_profile_of_0_1_is_read(tmp_path: Path) -> None:
    """The names in the two files, and a prompt file that needs no writing."""
    for name in ("active-profile", "previous-profile", "prompt"):
        (tmp_path / name).write_bytes(golden(name))
    before = (tmp_path / "prompt").stat().st_ino
    write_prompt(tmp_path, "reader", guarded=False, ends_at=1900003600.0)

    assert ("reader", "dev") == (read_active(tmp_path), read_previous(tmp_path))
    assert before == (tmp_path / "prompt").stat().st_ino


def test_the_keyring_items_of_0_1_are_read_whole() -> None:
    """K2: every member of the token and its client."""
    parsed = item_document.parse(Secret(golden("keyring-item.json").decode()))
    assert not isinstance(parsed, str)
    generation, token = parsed.generation, parsed.token
    client = token.registration
    assert client is not None
    assert token.refresh_token is not None

    assert 12 == generation
    assert ("https://corp.awsapps.com/start", "us-east-1", 1900003600, 1900000000.5) == (
        token.start_url,
        token.region,
        token.expires_at,
        token.issued_at,
    )
    assert ["EXAMPLE-access-token", "EXAMPLE-refresh-token", "EXAMPLE-client-secret"] == [
        one.reveal() for one in (token.access_token, token.refresh_token, client.client_secret)
    ]
    assert ("EXAMPLE-client", 1907776000, ("sso:account:access",), "authorization_code") == (
        client.client_id,
        client.expires_at,
        client.scopes,
        client.grant,
    )
    assert {"registrationExpiresAt2": "kept", "tag": 7} == dict(token.extra)
    assert (Lineage((token.pair,)), ()) == (parsed.lineage, parsed.beside)


def test_a_keyring_item_without_refresh_data_is_read() -> None:
    """K2: what cannot be renewed is kept all the same."""
    parsed = item_document.parse(Secret(golden("keyring-item-without-refresh.json").decode()))
    assert not isinstance(parsed, str)
    generation, token = parsed.generation, parsed.token

    assert (1, None, None, None) == (
        generation,
        token.refresh_token,
        token.registration,
        token.issued_at,
    )


def test_the_note_of_0_1s_package_scripts_is_read_and_written_alike() -> None:
    """The old package's script writes it, the new one's reads it; a downgrade the other way."""
    from tray.system.package_upgrade import Running  # elsewhere there is no pwd

    documents = json.loads(golden("package-upgrade.json"))

    found = [Running.from_json({**one, "later": 1}) for one in documents]

    expected = [
        Running(
            4711, 1000, ("run", "--no-icon"), {"HOME": "/home/ada", "DISPLAY": ":7"}, by_unit=True
        ),
        Running(4712, 1001, (), {"HOME": "/home/bo"}, by_unit=False),
    ]
    assert expected == found
    assert documents == [one.to_json() for one in found]


# --- A worker -------------------------------------------------------------------------------


def test_a_worker_exchange_of_0_1_is_read_whole() -> None:
    """Each session, profile and outcome; and each is written with these members."""
    frames = lines("worker-exchange.jsonl")
    asked = [json.loads(one["daemon"]) for one in frames if "daemon" in one]
    answered = [json.loads(one["worker"]) for one in frames if "worker" in one]
    outcomes = [one["done"]["outcome"] for one in answered if "outcome" in one.get("done", {})]

    def facts(fingerprint: str, expires_at: float, issued_at: float) -> TokenFacts:
        return TokenFacts(fingerprint, expires_at, issued_at, start_url=START, region="eu-west-2")

    first = facts("b0aa1164773ad63a", 1795938168.0, 1795934568.7559996)
    renewed = facts("be595421ae71a7e8", 1795938170.9611928, 1795934570.9611928)
    written = facts("be595421ae71a7e8", 1795938170.0, 1795934570.9611928)
    expected: list[Outcome] = [
        Refused("valid"),
        Adopted(first, "keyring"),
        Renewed(renewed, "keyring", of="b0aa1164773ad63a"),
        RemovalJudged("back", written),
        Released(RELEASED),
        SignedOut(),
        Unrenewable(),
    ]  # fmt: skip
    profile = Profile(
        "test-profile", "sso", "devto-article", "123456789012", "ReadOnly", "eu-west-1"
    )
    sessions = [one["session"] for one in asked if "session" in one]
    profiles = [one["profile"] for one in asked if "profile" in one]
    assert [SESSION] * 10 == [SsoSession.from_json(one) for one in sessions]
    assert [profile] * 2 == [Profile.from_json(one) for one in profiles]
    assert expected == [outcome_from_json(one) for one in outcomes]
    assert [SESSION.to_json() | one for one in sessions] == [SESSION.to_json()] * 10
    assert [profile.to_json() | one for one in profiles] == [profile.to_json()] * 2
    assert outcomes == [one.to_json() for one in expected]


@pytest.mark.parametrize(
    "document",
    [
        5,
        {},
        {"type": None},
        {"type": ["Renewed"]},
        {"type": "Popen", "args": "x"},
        {"type": "Refused", "portal": "closed", "reason": "refused"},
        {"type": "Renewed", "token": {"type": "TokenFacts"}},
        {"type": "Failed", "reason": "other", "sentence": 5, "answered": False},
    ],
    ids=str,
)
def test_no_outcome_is_read_from_anything_else(document: object) -> None:
    """A wrong answer of a worker is one kind of error, which names no value."""
    with pytest.raises(BadDocument, match=r"missing|not ") as caught:
        outcome_from_json(document)

    assert "Popen" not in str(caught.value)


# --- The agent's socket ---------------------------------------------------------------------

EXCHANGE = lines("agent-exchange.jsonl")
WORLD = json.loads(EXCHANGE[0]["request"])["world"]


@contextmanager
def answering(path: Path, answers: list[str]) -> Iterator[None]:
    """Give one client these lines, as a daemon of version 0.1 did."""
    with socket.socket(socket.AF_UNIX) as server:
        path.parent.chmod(0o700)
        server.bind(str(path))
        path.chmod(0o600)
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.makefile("rb").readline()
                connection.sendall("".join(answers).encode())

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize("number", range(len(EXCHANGE)))
def test_a_client_understands_a_daemon_of_0_1(tmp_path: Path, number: int) -> None:
    """Every answer is taken in: documents whole, and each refusal as what it is."""
    request = json.loads(EXCHANGE[number]["request"])
    answers = EXCHANGE[number]["answers"]
    members = {name: one for name, one in request.items() if name not in {"v", "world", "op"}}
    members.pop("program")
    got: list[dict[str, Any]] = []
    last = json.loads(answers[-1])
    ending: AbstractContextManager[object]
    if "error" in last:
        refused = OtherWorld if last["error"] == "other-world" else BadLine
        ending = pytest.raises(refused, match=re.escape(last["sentence"]))
    else:
        # A subscription has no last word: the daemon goes away.
        ending = nullcontext() if "done" in last else pytest.raises(Unreachable)

    place = tmp_path / "agent.sock"
    with answering(place, answers), AgentClient((place,), WORLD) as client, ending:
        got.extend(client.ask(request["op"], **members))

    assert [one for one in map(json.loads, answers) if "error" not in one] == got


def test_a_notice_is_sent_as_0_1_did() -> None:
    """A subscriber of version 0.1 understands the notices of this one."""
    sent = json.loads(EXCHANGE[1]["answers"][0])["notice"]
    notice = fx.Notice(
        "adopted:devto-article",
        "adopted:devto-article",
        "adopted",
        "normal",
        "devto-article is now kept in the keyring",
        "Its refresh token was taken out of the token file. The AWS CLI works as before.",
        (fx.Button("undo-adoption", "Undo", ("devto-article",)),),
        ("devto-article",),
    )

    assert sent == notice.to_json()


def test_a_daemon_understands_the_requests_of_0_1(tmp_path: Path) -> None:
    """Each is taken for what it is, from CLI and credential helper alike; the rest is refused."""
    heard: list[object] = []

    async def hand_out(op: str, profile: object, *_: object) -> Any:
        heard.append((op, profile))
        return {"exit": 0, "sentence": "", "credentials": {}}, lambda: None

    async def in_words(*_: object) -> dict[str, Any]:
        raise AssertionError("not asked for")

    async def answers() -> list[dict[str, Any]]:
        def post(event: ev.Event) -> None:
            heard.append(event)
            answer = fx.Reply(str(getattr(event, "request", None)), "done")
            asyncio.get_running_loop().call_soon(agent.reply, answer)

        said: list[dict[str, Any]] = []
        agent = Agent(
            AgentHandlers(
                WORLD,
                {},
                post,
                lambda: {"version": 1},
                in_words,
                hand_out,
                lambda: None,
                lambda _: {},
            )
        )
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "agent.sock"))
            listening.listen()
            await agent.serve(listening)
            for one in EXCHANGE:
                reader, writer = await asyncio.open_unix_connection(tmp_path / "agent.sock")
                writer.write(one["request"].encode())
                said.append(decode(await reader.readline()))
                writer.close()
            await agent.close()
        return said

    said = asyncio.run(answers())

    def kinds(one: dict[str, Any]) -> object:
        return one.get("error", "answer")

    expected = [kinds(json.loads(one["answers"][-1])) for one in EXCHANGE]
    assert expected == [kinds(one) for one in said]
    corp = "devto-article"
    assert heard == [
        ev.SignOutRequested(corp, "request-3"),
        ev.SignInRequested(corp, "request-4", opens="caller"),
        ev.UseRequested("dev-profile", "request-5"),
        ("credentials", "test-profile"),
        ("credentials", None),
        ("whoami", "test-profile"),
        ev.RenewRequested(corp, "request-9"),
        ev.RenewRequested("nowhere", "request-10"),
        ev.SignInCancelled(corp, "request-11"),
        ev.SignOutRequested(corp, "request-15"),
        ev.ReleaseRequested(corp, "request-16"),
        ev.QuitRequested("request-17"),
    ]


# --- history.jsonl --------------------------------------------------------------------------


def test_the_history_of_0_1_is_shown_and_continued(tmp_path: Path) -> None:
    """Each line is told in words, one of an unknown time as it is; the next has the same form."""
    happened: list[tuple[float, str, str | None, str]] = [
        (1900000000.0, "signed-in", "corp", "renews itself, until about 17:42"),
        (1900000060.0, "renewed", "corp", ""),
        (1900000061.0, "active", None, "dev"),
    ]
    history = History(tmp_path)
    written = golden("history.jsonl").decode().splitlines()

    for one in happened:
        history.add(*one)
    shown = [log_command.shown_event(line).rpartition("  ")[2] for line in written]

    assert written[:3] == (tmp_path / "history.jsonl").read_text().splitlines()
    assert ["corp: signed in", "corp: renewed", "active", written[3]] == shown


# --- Whatever our classes are called --------------------------------------------------------

RENAMED = frozenset({
    # classes
    "Memory", "SessionEnd", "Record", "ManagedSection", "Owned", "Preferences", "Settings",
    "SsoSession", "Profile", "TokenFacts", "SsoToken", "Registration", "Running", "Renewed",
    "Refused", "Unrenewable", "Adopted", "RemovalJudged", "SignedOut", "Released", "Failed",
    "Notice", "Button", "Trouble", "Lineage", "TokenRejected", "SignInNeeded", "RoleForbidden",
    # and fields of theirs
    "started_at", "lengths", "notified", "used_at", "refused", "cause", "known", "handed_back",
    "contested", "unscoped", "unstored", "store", "memory", "wanted", "owned", "theirs",
    "created", "gap", "mirrors", "fingerprint", "expires_at", "issued_at", "refreshable",
    "account_id", "role_name", "scopes", "legacy", "problem", "by_us", "stored", "portal",
    "verdict", "remains", "answered", "retry_after", "once_key", "severity", "by_unit", "options",
    "adopt", "warn_before", "session_lengths", "log_debug", "empty_refresh_members",
    "keyring_service", "client_id", "client_secret", "registration", "extra", "grant",
})  # fmt: skip
"""Names that may change whenever somebody finds a better one."""


def renamed(source: str) -> str:
    """Return a source with `RENAMED` under other names, in code and within f-strings alone."""
    words = re.compile(rf"\b({'|'.join(sorted(RENAMED))})\b(?!['\"])")
    found = list(source.splitlines(keepends=True))
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        (row, start), (last, end) = token.start, token.end
        if token.type == tokenize.NAME and token.string in RENAMED:
            new = f"{token.string}_anew"
        elif token.type == tokenize.STRING and token.string[0] in "fF":
            new = re.sub(r"\{[^{}]*\}", lambda part: words.sub(r"\1_anew", part[0]), token.string)
        else:
            continue
        before, after = found[row - 1][:start], found[last - 1][end:]
        found[row - 1 : last] = [before + new + after, *[""] * (last - row)]
    return "".join(found)


def test_no_format_follows_a_name_of_ours(tmp_path: Path) -> None:
    """With every stored or sent class renamed, and its fields, all the tests above hold."""
    sources = [
        *(ROOT / "tray").rglob("*.py"),
        ROOT / "tests/__init__.py",
        ROOT / "tests/home.py",
        Path(__file__),
    ]
    for path in sources:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(renamed(path.read_text()))
    (tmp_path / "tests/data").symlink_to(ROOT / "tests/data")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-x",
        "-k",
        "not follows",
    ]

    done = subprocess.run(
        [*command, "tests/test_golden_files.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "class Memory_anew" in (tmp_path / "tray/core/model.py").read_text()
    assert 0 == done.returncode, done.stdout + done.stderr
    assert " passed" in done.stdout
