from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import secretstorage
from dbus_fast import Variant
from jeepney import HeaderFields  # type: ignore[import-untyped]  # no stubs exist
from secretstorage.collection import SESSION_COLLECTION

from tests import components
from tests.bus_fake import Answer, FakeService, serving
from tests.keyring_session import PATIENCE, KeyringSession, Kind, keyring_session
from tests.worker.vaults import item
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.errors import KeyringDenied, KeyringUnavailable
from tray.secret import Secret
from tray.worker.keyring.item_document import parse, serialise
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring

CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-1")
CACHE = Path("/home/ann/.aws/sso/cache")
SERVICE = "sso-tray"
COLLECTION = "/org/freedesktop/secrets/collection/login"

Enter = Callable[[Kind], KeyringSession]


def token(number: int) -> SsoToken:
    """Return one sign-in's tokens, told apart by a number, of realistic length."""
    return SsoToken(
        CORP.start_url,
        CORP.region,
        Secret(f"access-{number}-" + "x" * 1500),
        2e9 + number,
        refresh_token=Secret(f"refresh-{number}-" + "y" * 1500),
        registration=Registration("id", Secret("z" * 3000), 2.1e9, ("sso:account:access",)),
        issued_at=1.9e9,
    )


def keyring_store(**seconds: float) -> TokenKeyring:
    """Return a keyring over this system's keyring, as a fresh process would."""
    limits = {"read_seconds": PATIENCE, "write_seconds": PATIENCE, **seconds}
    return TokenKeyring(
        SERVICE,
        CACHE,
        patience=Patience(),
        read_seconds=limits["read_seconds"],
        write_seconds=limits["write_seconds"],
        unlock_seconds=limits.get("unlock_seconds", PATIENCE),
    )


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Enter a session with its own bus and keyring."""
    with ExitStack() as stack:

        def into(kind: Kind) -> KeyringSession:
            session = stack.enter_context(keyring_session(kind))
            for name, value in session.environ.items():
                monkeypatch.setenv(name, value)
            return session

        yield into


def secret_tool(session: KeyringSession, *arguments: str, text: str | None = None) -> str:
    """Ask another client of the keyring."""
    done = subprocess.run(
        [components.require("secret-tool"), *arguments],
        env=dict(session.environ),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_another_client_finds_exactly_what_was_stored(enter: Enter) -> None:
    """One item of service `sso-tray` named by key and place, whose secret is the document."""
    session = enter("unlocked")
    kept = keyring_store()

    kept.store("corp", token(1))

    name = kept.item_names("corp")[0]
    found = secret_tool(session, "lookup", "service", SERVICE, "username", name)
    assert serialise(item(token(1))) == Secret(found)


def test_generations_come_and_go_in_the_real_keyring(enter: Enter) -> None:
    """Stored, renewed, forgotten and deleted; another client sees nothing left."""
    session = enter("unlocked")
    kept = keyring_store()

    kept.store("corp", token(1))
    newest = kept.store("corp", token(2))
    both = kept.generations("corp"), keyring_store().load(CORP)
    kept.forget_older("corp", newest.generation)
    one = kept.generations("corp"), keyring_store().load(CORP)
    kept.delete("corp")
    kept.delete("corp")

    assert (((1, 2), token(2)), ((2,), token(2))) == (both, one)
    assert secret_tool(session, "lookup", "service", SERVICE) == ""


def test_other_programs_items_are_neither_read_nor_written_nor_deleted(enter: Enter) -> None:
    """K2: ours is the one with exactly our attributes, whatever newer ones include them."""
    session = enter("unlocked")
    kept = keyring_store()
    kept.store("corp", token(1))
    theirs = [
        ["service", SERVICE, "username", name, "application", "other", *extra]
        for name in kept.item_names("corp")
        for extra in ([], ["richer", "yes"])
    ]
    for attributes in theirs:
        secret_tool(session, "store", "--label=theirs", *attributes, text="theirs")

    kept.store("corp", token(2))
    read = kept.load(CORP)
    kept.delete("corp")

    assert (token(2), None) == (read, kept.load(CORP))
    assert ["theirs"] * 6 == [secret_tool(session, "lookup", *one) for one in theirs]


def test_an_item_is_written_over_in_place(enter: Enter) -> None:
    """Section 3: two items take turns; none is made anew, which KeePassXC would ask about."""
    enter("unlocked")
    kept = keyring_store()
    seen = set()
    for number in range(1, 7):
        kept.store("corp", token(number))
        with closing(secretstorage.dbus_init()) as bus:
            collection = secretstorage.get_default_collection(bus)
            seen |= {one.item_path for one in collection.search_items({"service": SERVICE})}

    assert (2, token(6)) == (len(seen), kept.load(CORP))


def test_a_renewal_makes_few_calls_of_the_bus(enter: Enter) -> None:
    """Eleven, of which none comes between AWS's answer and the write."""
    enter("unlocked")
    kept = keyring_store()
    kept.store("corp", token(1))
    kept.store("corp", token(2))
    kept.load(CORP)
    calls = _counted(kept)

    item = kept.item(CORP)
    assert item is not None
    proved = kept.store("corp", item.token, seen=item)
    before = len(calls)
    kept.store("corp", token(3), seen=proved)

    assert 11 == len(calls), " ".join(calls)
    window = calls[before:]
    assert 0 == window.index("SetSecret")


def _counted(kept: TokenKeyring) -> list[str]:
    """Return the members of D-Bus that a keyring calls from now on."""
    line = kept._backend._line  # type: ignore[attr-defined]
    send, calls = line.bus.send_and_get_reply, []

    def counting(message: Any, **options: Any) -> Any:
        calls.append(message.header.fields[HeaderFields.member])
        return send(message, **options)

    line.bus.send_and_get_reply = counting
    return calls


def test_a_service_of_another_name_is_another_vault(enter: Enter) -> None:
    """The demo's keyring service never touches the user's items."""
    enter("unlocked")
    keyring_store().store("corp", token(1))

    demo = TokenKeyring("sso-tray-demo-1", CACHE, patience=Patience())

    assert (None, token(1)) == (demo.load(CORP), keyring_store().load(CORP))


def test_an_item_another_client_edits_or_removes_is_noticed(enter: Enter) -> None:
    """The keyring is nobody's alone: what changes there is read anew each time."""
    session = enter("unlocked")
    kept = keyring_store()
    kept.store("corp", token(1))
    name = kept.item_names("corp")[0]
    attributes = ["service", SERVICE, "username", name]

    subprocess.run(
        [components.require("secret-tool"), "store", "--label=x", *attributes],
        env=dict(session.environ),
        input="edited",
        text=True,
        check=True,
    )
    edited = kept.load(CORP)
    secret_tool(session, "clear", *attributes)

    assert (None, ()) == (edited, kept.generations("corp"))


def test_a_locked_keyring_is_told_and_nobody_is_prompted(enter: Enter) -> None:
    """Background work asks the lock state first: a prompter on the bus hears nothing."""
    session = enter("unlocked")
    keyring_store().store("corp", token(1))
    session.lock()
    prompter = session.start_silent_prompter()

    kept, reasons = keyring_store(), []
    for act in (
        lambda: kept.load(CORP),
        lambda: kept.store("corp", token(2)),
        lambda: kept.forget_older("corp", 1),
        lambda: kept.delete("corp"),
    ):
        with pytest.raises(KeyringUnavailable) as refused:
            act()
        reasons.append(refused.value.reason)
    prompter.terminate()
    assert prompter.stdout is not None

    assert ("locked", ["keyring-locked"] * 4) == (kept.lock_state(), reasons)
    assert "org.gnome" not in prompter.stdout.read()


def test_locked_between_asking_and_reading_nobody_is_prompted(enter: Enter) -> None:
    """Even past the first check no request prompts."""
    session = enter("unlocked")
    prompter = session.start_silent_prompter()
    kept = TokenKeyring(
        SERVICE,
        CACHE,
        patience=Patience(),
        read_seconds=PATIENCE,
        write_seconds=PATIENCE,
        seam=lambda step: session.lock() if step == "item" else None,
    )

    with pytest.raises(KeyringUnavailable) as refused:
        kept.store("corp", token(1))
    prompter.terminate()
    assert prompter.stdout is not None

    assert refused.value.reason == "keyring-locked"
    assert "org.gnome" not in prompter.stdout.read()


def test_once_it_is_unlocked_by_others_it_is_ready(enter: Enter) -> None:
    """The login screen unlocks it by the password; nothing has to be restarted for us."""
    session = enter("unlocked")
    kept = keyring_store()
    kept.store("corp", token(1))
    session.lock()
    locked = kept.lock_state()

    session.unlock()

    assert ("locked", "ready", token(1)) == (locked, kept.lock_state(), kept.load(CORP))


@pytest.mark.parametrize("kind", ["locked", "new"])
def test_unlocking_without_a_prompter_is_a_refusal(enter: Enter, kind: Kind) -> None:
    """Over SSH nobody can show the prompt: told at once, for a keyring locked or not yet made."""
    enter(kind)
    kept = keyring_store()

    with pytest.raises(KeyringDenied):
        kept.unlock()

    assert kept.lock_state() == "locked"


def test_a_prompt_that_nobody_answers_is_waited_for_in_a_thread(enter: Enter) -> None:
    """Unlocking does prompt; its caller gets away when the time is up."""
    session = enter("locked")
    prompter = session.start_silent_prompter()

    with pytest.raises(KeyringUnavailable) as waiting:
        keyring_store(unlock_seconds=0.5).unlock()
    assert prompter.stdout is not None
    heard = next(line for line in prompter.stdout if line.startswith("org.gnome"))

    assert waiting.value.reason == "keyring-waiting"
    assert heard.startswith("org.gnome.keyring.internal.Prompter")


def test_a_bus_without_a_keyring_is_absent(enter: Enter) -> None:
    """No Secret Service to be had: absent at once, and a reason for every request."""
    enter("none")
    kept = keyring_store()

    with pytest.raises(KeyringUnavailable) as refused:
        kept.store("corp", token(1))
    with pytest.raises(KeyringUnavailable):
        kept.unlock()

    assert ("absent", "keyring-absent") == (kept.lock_state(), refused.value.reason)


def test_a_default_collection_that_is_named_wrongly_once_is_asked_again(enter: Enter) -> None:
    """GNOME Keyring 42 names one that does not exist once in a while; it is not locked then."""
    named = ["/org/freedesktop/secrets/collection/m_9e_b5_60", COLLECTION]
    properties = {
        (COLLECTION, f"org.freedesktop.Secret.Collection.{name}"): value
        for name, value in {"Label": Variant("s", "Login"), "Locked": Variant("b", False)}.items()
    }
    key = Variant("ay", bytes(127) + b"\x02")
    answers: dict[str, Callable[[str, list[str]], Answer]] = {
        "org.freedesktop.Secret.Service.ReadAlias": lambda _path, _body: ("o", [named.pop(0)]),
        "org.freedesktop.Secret.Service.OpenSession": lambda _path, _body: ("vo", [key, "/s"]),
    }
    service = FakeService("org.freedesktop.secrets", answers, properties)
    address = enter("none").environ["DBUS_SESSION_BUS_ADDRESS"]

    async def asked() -> str:
        async with serving(service, address):
            return await asyncio.to_thread(keyring_store().lock_state)

    state = asyncio.run(asked())

    assert ("ready", []) == (state, named)


def test_a_keyring_the_bus_can_start_is_started_and_not_prompted(enter: Enter) -> None:
    """Installed and not running yet: the bus starts it, and its missing collection is `locked`."""
    session = enter("activatable")
    prompter = session.start_silent_prompter()

    state = keyring_store().lock_state()
    prompter.terminate()
    assert prompter.stdout is not None

    assert state == "locked"
    assert "org.gnome" not in prompter.stdout.read()


@pytest.mark.parametrize(
    "address", [None, "", "nonsense", "autolaunch:", "unix:path=/nowhere/bus", "tcp:host=x"]
)
def test_without_a_bus_the_keyring_is_absent(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    """SSH, cron and containers have no session bus, or a broken address of one."""
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

    assert keyring_store().lock_state() == "absent"


def test_a_hanging_service_is_told_and_asked_only_once(enter: Enter) -> None:
    """Fault 38: a service that never answers gets one call, whoever asks how often."""
    session = enter("hanging")
    kept = keyring_store(read_seconds=0.5, write_seconds=0.5)

    reasons = []
    for act in (kept.lock_state, lambda: kept.load(CORP), lambda: kept.store("corp", token(1))):
        with pytest.raises(KeyringUnavailable) as waiting:
            act()
        reasons.append(waiting.value.reason)
    session.stop_service()
    heard = session.heard()

    assert ["keyring-waiting"] * 3 == reasons
    assert ["org.freedesktop.Secret.Service ReadAlias"] == heard
    assert kept.settled(PATIENCE)
    assert kept.lock_state() == "absent"


def test_a_keyring_that_is_restarted_is_used_again(enter: Enter) -> None:
    """The connection we keep is to one service only: its successor is asked afresh."""
    session = enter("unlocked")
    kept = keyring_store()
    kept.store("corp", token(1))
    session.stop_service()
    gone = kept.lock_state()

    session.start_service()

    assert ("absent", token(1)) == (gone, kept.load(CORP))


HOSTILE = """
import sys
from pathlib import Path
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.aws.cache.sso_token import SsoToken
from tray.secret import Secret
kept = TokenKeyring("sso-tray", Path("/c"))
print(kept.keyring_name, kept.lock_state())
kept.store("corp", SsoToken("https://x", "eu-west-1", Secret("canary"), 2e9))
"""


def test_the_environment_does_not_choose_the_keyring(enter: Enter, tmp_path: Path) -> None:
    """Threat T9: plaintext or null backends by variable or keyringrc are not even looked at."""
    session = enter("unlocked")
    (tmp_path / "plaintext.py").write_text(
        "import os, pathlib\nfrom keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n"
        "    priority = 100\n"
        "    def set_password(self, *arguments):\n"
        "        pathlib.Path(os.environ['STOLEN']).write_text(repr(arguments))\n"
        "    def get_password(self, *arguments): return None\n"
    )
    config = Path(session.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=plaintext.Keyring\n")
    environ = dict(session.environ) | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *(path for path in sys.path if path)]),
        "PYTHON_KEYRING_BACKEND": "plaintext.Keyring",
        "KEYRING_PROPERTY_PREFERRED_COLLECTION": "/org/freedesktop/secrets/collection/session",
        "KEYRING_PROPERTY_SCHEME": "KeePassXC",
        "KEYRING_PROPERTY_APPID": "evil",
        "STOLEN": str(tmp_path / "stolen"),
    }

    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], env=environ, capture_output=True, text=True, check=True
    )
    kept = TokenKeyring(SERVICE, Path("/c"), patience=Patience())
    name = kept.item_names("corp")[0]
    with closing(secretstorage.dbus_init()) as bus:
        passing = list(secretstorage.Collection(bus, SESSION_COLLECTION).get_all_items())

    assert ("Secret Service ready\n", False) == (done.stdout, (tmp_path / "stolen").exists())
    assert secret_tool(session, "lookup", "service", SERVICE, "username", name)
    assert [] == passing


RENEW = """
import os, signal, sys
from pathlib import Path
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.keyring.item_document import parse
from tray.secret import Secret
from tray.core.model import SsoSession
wanted, seen = sys.argv[1], []
def seam(step):
    seen.append(step)
    if f"{step} {seen.count(step)}" == wanted:
        os.kill(os.getpid(), signal.SIGKILL)
kept = TokenKeyring("sso-tray", Path("/home/ann/.aws/sso/cache"), seam=seam)
new = parse(Secret(sys.stdin.read())).token
old = kept.load(SsoSession("corp", new.start_url, new.region))
kept.store("corp", old)
kept.forget_older("corp", kept.store("corp", new).generation)
"""

STEPS = [
    *(f"{step} {turn}" for turn in (1, 2) for step in ("store", "item", "read back", "stored")),
    "remove 1",
    "forgotten 1",
]


def test_killed_at_each_step_the_real_keyring_has_a_whole_token(enter: Enter) -> None:
    """A renewing process is killed at every seam: the old token or the new, never neither."""
    session = enter("unlocked")
    environ = dict(session.environ) | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)
    }
    outcomes = []
    for number, step in enumerate(STEPS, 1):
        keyring_store().delete("corp")
        keyring_store().store("corp", token(number - 1))

        done = subprocess.run(
            [sys.executable, "-c", RENEW, step],
            env=environ,
            input=serialise(item(token(number))).reveal(),
            text=True,
            check=False,
        )

        left = keyring_store().load(CORP)
        outcomes.append((done.returncode, left in (token(number - 1), token(number))))

    assert [(-signal.SIGKILL, True)] * len(STEPS) == outcomes


def test_a_document_of_64_kilobytes_is_kept(enter: Enter) -> None:
    """Tokens have no known longest length; the Secret Service takes what comes."""
    enter("unlocked")
    long = SsoToken(CORP.start_url, CORP.region, Secret("x" * 65536), 2e9)

    keyring_store().store("corp", long)

    assert long == keyring_store().load(CORP)
    assert parse(serialise(item(long))) == item(long)
