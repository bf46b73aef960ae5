from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.memory_backend import Killed, MemoryBackend
from tray.aws.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.errors import KeyringDenied, KeyringUnavailable, TrayError
from tray.secret import Secret
from tray.worker.vault import Vault
from tray.worker.vault_backends import NoBackend
from tray.worker.vault_document import serialise
from tray.worker.vault_patience import Patience

PATIENCE = 60.0
CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-1")
CANARY = "canary-of-a-refresh-token"

BACKENDS: dict[str, Callable[[], MemoryBackend]] = {
    "whole": MemoryBackend,
    "split": lambda: MemoryBackend(max_chars=1280),
    "deletes-first": lambda: MemoryBackend(deletes_first=True),
}


def token(number: int, *, length: int = 800) -> SsoToken:
    """Return one sign-in's tokens, told apart by a number and as long as real ones may be."""
    return SsoToken(
        CORP.start_url,
        CORP.region,
        Secret(f"access-{number}-" + "x" * length),
        2e9 + number,
        refresh_token=Secret(f"{CANARY}-{number}-" + "y" * length),
        registration=Registration("id", Secret("z" * length), 2.1e9, ("sso:account:access",)),
        issued_at=1.9e9,
        extra={"note": "ümläut"},
    )


def vault(
    backend: MemoryBackend | NoBackend, *, read_seconds: float = 5.0, write_seconds: float = 10.0
) -> Vault:
    """Return a vault over a backend, as a fresh process would."""
    return Vault(
        "sso-tray",
        Path("/home/ann/.aws/sso/cache"),
        backend,
        patience=Patience(),
        read_seconds=read_seconds,
        write_seconds=write_seconds,
    )


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> MemoryBackend:
    """Every kind of keyring: one item whole, split in parts, deleting before it adds."""
    return BACKENDS[request.param]()


def test_what_is_stored_is_loaded_by_another_process(backend: MemoryBackend) -> None:
    """A token stored whole comes back whole."""
    vault(backend).store("corp", token(1))

    assert token(1) == vault(backend).load(CORP)


def test_nothing_stored_is_nothing(backend: MemoryBackend) -> None:
    """A session never signed in has no item and no generation, and deleting is no error."""
    empty = vault(backend)
    empty.delete("corp")

    assert (None, ()) == (empty.load(CORP), empty.generations("corp"))


def test_every_save_is_a_new_generation_and_the_older_stays(backend: MemoryBackend) -> None:
    """Until it is told to forget, the vault keeps the generation before the newest."""
    kept = vault(backend)

    generations = [kept.store("corp", token(number)) for number in (1, 2)]

    assert ([1, 2], (1, 2), token(2)) == (generations, kept.generations("corp"), kept.load(CORP))


def test_older_generations_are_forgotten_on_demand(backend: MemoryBackend) -> None:
    """Rule K2: afterwards only the newest is in the keyring, and doing it again is harmless."""
    kept = vault(backend)
    kept.store("corp", token(1))
    newest = kept.store("corp", token(2))

    kept.forget_older("corp", newest)
    kept.forget_older("corp", newest)

    assert ((2,), token(2)) == (kept.generations("corp"), kept.load(CORP))
    assert not [text for text in backend.items.values() if f"{CANARY}-1" in text]


def test_nothing_is_forgotten_for_a_generation_that_is_not_there(backend: MemoryBackend) -> None:
    """If the newest write got lost after all, the older one is not thrown away for it."""
    kept = vault(backend)
    kept.store("corp", token(1))

    kept.forget_older("corp", 7)

    assert (1,) == kept.generations("corp")


def test_a_hundred_renewals_leave_one_generation(backend: MemoryBackend) -> None:
    """The transaction of rule R2 over and over: prove, store, forget; nothing piles up."""
    kept = vault(backend)
    kept.store("corp", token(0))
    for number in range(1, 100):
        kept.store("corp", token(number - 1))
        kept.forget_older("corp", kept.store("corp", token(number)))
    after_many = len(backend.items)
    kept.delete("corp")
    kept.store("corp", token(99))

    assert (len(backend.items), token(99)) == (after_many, kept.load(CORP))


def test_sessions_and_homes_do_not_meet(tmp_path: Path) -> None:
    """Another session and another cache directory have other items."""
    backend = MemoryBackend()
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
    ann = Vault("sso-tray", tmp_path / "ann", backend, patience=Patience())
    bob = Vault("sso-tray", tmp_path / "bob", backend, patience=Patience())

    ann.store("corp", token(1))
    ann.store("other", token(2))
    bob.store("corp", token(3))

    assert (token(1), token(3)) == (ann.load(CORP), bob.load(CORP))


def test_two_ways_to_the_same_cache_directory_are_one(tmp_path: Path) -> None:
    """The real path counts: a symlinked home has the same items."""
    backend = MemoryBackend()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    Vault("sso-tray", tmp_path / "real", backend, patience=Patience()).store("corp", token(1))

    linked = Vault("sso-tray", tmp_path / "link", backend, patience=Patience())

    assert token(1) == linked.load(CORP)


@pytest.mark.parametrize(
    "key", ["corp", "https://corp.awsapps.com/start", "zwei Wörter", "a\nb", "x" * 5000, "\0"]
)
def test_any_session_key_has_a_bearable_name(key: str) -> None:
    """Readable where that is safe; hashed when over-long or with control characters."""
    names = vault(MemoryBackend()).item_names(key)

    assert all(name.isprintable() and len(name) < 250 for name in names)
    assert (key in names[0]) == (key.isprintable() and len(key) <= 200)


@pytest.mark.parametrize(
    "session",
    [
        replace(CORP, start_url="https://evil.example/start"),
        replace(CORP, region="us-east-1"),
    ],
)
def test_an_item_of_another_start_url_or_region_is_ignored(session: SsoSession) -> None:
    """Rule K2, fault 25: a token never goes to where the config points now."""
    kept = vault(MemoryBackend())
    kept.store("corp", token(1))

    assert kept.load(session) is None


@pytest.mark.parametrize("slot", range(3))
@pytest.mark.parametrize(
    ("foreign", "word"), [("{broken", "corrupt"), ('{"version":2,"secret":"s3cr3t"}', "newer")]
)
def test_a_foreign_item_is_ignored_kept_and_told(
    slot: int, foreign: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 41: wherever it lies, it costs nothing and is not overwritten by renewals."""
    backend = MemoryBackend()
    kept = vault(backend)
    name = kept.item_names("corp")[slot]
    backend.items[name] = foreign
    kept.store("corp", token(0))
    for number in range(1, 5):
        kept.store("corp", token(number - 1))
        kept.forget_older("corp", kept.store("corp", token(number)))

    with caplog.at_level(logging.DEBUG):
        loaded = kept.load(CORP)

    assert (token(4), foreign) == (loaded, backend.items[name])
    assert [f"an item of session 'corp' is {word}; it is kept"] == caplog.messages


def test_when_all_is_foreign_a_sign_in_overwrites_the_most_broken() -> None:
    """There must be room for a new sign-in: a broken item goes before one of a later version."""
    backend = MemoryBackend()
    kept = vault(backend)
    later = '{"version":2}'
    names = kept.item_names("corp")
    backend.items.update(zip(names, (later, "{broken", later), strict=True))

    kept.store("corp", token(1))

    assert token(1) == kept.load(CORP)
    assert [later, later] == [backend.items[names[0]], backend.items[names[2]]]


def test_signing_out_removes_everything_there_is(backend: MemoryBackend) -> None:
    """Older generations, broken items and those of later versions go too; repeatable."""
    kept = vault(backend)
    kept.store("corp", token(1))
    kept.store("corp", token(2))
    backend.items[kept.item_names("corp")[2]] = '{"version":2}'

    kept.delete("corp")
    kept.delete("corp")

    assert {} == backend.items


@pytest.mark.parametrize(
    ("state", "reason"), [("locked", "keyring-locked"), ("absent", "keyring-absent")]
)
@pytest.mark.parametrize(
    "act",
    [
        lambda kept: kept.load(CORP),
        lambda kept: kept.store("corp", token(1)),
        lambda kept: kept.forget_older("corp", 1),
        lambda kept: kept.generations("corp"),
        lambda kept: kept.delete("corp"),
    ],
)
def test_a_keyring_that_is_not_ready_is_only_asked_for_its_state(
    state: str, reason: str, act: Callable[[Vault], object]
) -> None:
    """Background work never prompts: locked or absent is a reason, and nothing else is asked."""
    backend = MemoryBackend(state="locked" if state == "locked" else "absent")

    with pytest.raises(KeyringUnavailable) as refused:
        act(vault(backend))

    assert (reason, ["lock_state"]) == (refused.value.reason, backend.requests)


def test_a_system_without_a_keyring_is_absent() -> None:
    """Where there is no allow-listed keyring, that is a reason like any other."""
    none = vault(NoBackend())

    with pytest.raises(KeyringUnavailable) as refused:
        none.store("corp", token(1))
    with pytest.raises(KeyringUnavailable):
        none.unlock()

    assert ("absent", "keyring-absent") == (none.lock_state(), refused.value.reason)


def test_only_unlock_unlocks() -> None:
    """After a click the keyring is ready; a dismissed prompt is told as a refusal."""
    backend = MemoryBackend(state="locked", refuses_unlock=True)
    kept = vault(backend)

    with pytest.raises(KeyringDenied):
        kept.unlock()
    refused = kept.lock_state()
    backend.refuses_unlock = False
    kept.unlock()

    assert ("locked", "ready") == (refused, kept.lock_state())


@pytest.mark.parametrize("fault", ["loses_writes", "garbles_writes", "refuses_writes"])
def test_a_write_that_did_not_arrive_is_a_refusal(backend: MemoryBackend, fault: str) -> None:
    """Fault 39: read-back absent or different: told, and the older generation is still there."""
    kept = vault(backend)
    kept.store("corp", token(1))
    setattr(backend, fault, True)

    with pytest.raises(KeyringDenied):
        kept.store("corp", token(2))
    setattr(backend, fault, False)

    assert token(1) == vault(backend).load(CORP)


def test_a_hanging_keyring_lets_its_caller_go_and_is_not_asked_twice() -> None:
    """Fault 38: a reason, at once for everybody who comes later; fine again once it answers."""
    backend = MemoryBackend()
    kept = vault(backend, read_seconds=0.02)
    kept.store("corp", token(1))
    backend.gate.clear()
    asked = len(backend.requests)

    reasons = []
    for act in (lambda: kept.load(CORP), lambda: kept.store("corp", token(2)), kept.lock_state):
        with pytest.raises(KeyringUnavailable) as waiting:
            act()
        reasons.append(waiting.value.reason)
    asked_while_hanging = len(backend.requests) - asked
    backend.gate.set()

    assert (["keyring-waiting"] * 3, 1) == (reasons, asked_while_hanging)
    assert kept.settled(PATIENCE)
    assert token(1) == vault(backend).load(CORP)


def test_a_write_overdue_then_done_holds_the_whole_token() -> None:
    """Rule R3: the write that was under way may arrive late, and is then the newest."""
    backend = MemoryBackend()
    kept = vault(backend, write_seconds=0.2)
    kept.store("corp", token(1))
    name = kept.item_names("corp")[1]

    def close_gate_at(step: str) -> None:
        if step == "item":
            backend.gate.clear()

    slow = Vault(
        "sso-tray",
        Path("/home/ann/.aws/sso/cache"),
        backend,
        patience=Patience(),
        write_seconds=0.2,
        seam=close_gate_at,
    )
    with pytest.raises(KeyringUnavailable):
        slow.store("corp", token(2))
    assert name not in backend.items
    backend.gate.set()

    assert slow.settled(PATIENCE)
    assert token(2) == slow.load(CORP)


def test_no_item_is_longer_than_the_keyring_takes() -> None:
    """Fault 40: 20,000 characters in parts of 1,000, each far under 1,280 UTF-16 units."""
    backend = MemoryBackend(max_chars=1280)
    kept = vault(backend)

    kept.store("corp", token(1, length=6000))

    assert token(1, length=6000) == kept.load(CORP)
    assert max(len(text) for text in backend.items.values()) <= 1000


def test_a_short_document_is_one_item_even_where_parts_are_possible() -> None:
    """No manifest for what fits."""
    backend = MemoryBackend(max_chars=1280)
    kept = vault(backend)

    kept.store("corp", token(1, length=5))

    assert {kept.item_names("corp")[0]} == backend.items.keys()


@pytest.mark.parametrize("damage", ["missing", "changed", "swapped"])
def test_a_damaged_part_breaks_its_generation_only(damage: str) -> None:
    """A part lost, edited or exchanged: that generation is ignored, the older one wins."""
    backend = MemoryBackend(max_chars=1280)
    kept = vault(backend)
    kept.store("corp", token(1))
    kept.store("corp", token(2))
    name = kept.item_names("corp")[1]
    first, second = f"{name}.1", f"{name}.2"
    if damage == "missing":
        del backend.items[second]
    elif damage == "changed":
        backend.items[second] = "x" + backend.items[second][1:]
    else:
        backend.items[first], backend.items[second] = backend.items[second], backend.items[first]

    assert token(1) == kept.load(CORP)


@pytest.mark.parametrize("parts", [0, -1, "3", 10**9, None, True])
def test_an_absurd_manifest_is_only_corrupt(parts: object) -> None:
    """An edited number of parts does not have us read a billion items."""
    backend = MemoryBackend(max_chars=1280)
    kept = vault(backend)
    name = kept.item_names("corp")[0]
    backend.items[name] = json.dumps({"version": 1, "parts": parts, "sha256": ""})

    assert kept.load(CORP) is None
    assert len(backend.requests) < 10


def interrupted(backend: MemoryBackend, act: Callable[[Vault], object], after: int) -> bool:
    """Kill an action after some changes of the keyring; return whether it was."""
    backend.kill_after = backend.changes + after
    try:
        act(vault(backend))
    except Killed:
        return True
    finally:
        backend.kill_after = None
    return False


def test_killed_anywhere_in_a_renewal_a_whole_generation_is_left(backend: MemoryBackend) -> None:
    """Rule K8: prove, store, forget, cut after each single change: the old token or the new."""

    def renew(kept: Vault) -> None:
        old = kept.load(CORP)
        assert old is not None
        kept.store("corp", old)
        kept.forget_older("corp", kept.store("corp", token(2, length=1500)))

    start = dict(backend.items)
    for after in itertools.count():
        backend.items = dict(start)
        vault(backend).store("corp", token(1))

        was_killed = interrupted(backend, renew, after)

        left = vault(backend).load(CORP)
        assert left in (
            [token(1), token(2, length=1500)] if was_killed else [token(2, length=1500)]
        )
        # And all can be repeated from there, and cleared away.
        renew(vault(backend))
        assert token(2, length=1500) == vault(backend).load(CORP)
        vault(backend).delete("corp")
        assert {} == backend.items
        if not was_killed:
            break

    assert after > 2


def test_killed_anywhere_while_signing_out_it_can_be_repeated(backend: MemoryBackend) -> None:
    """A sign-out cut short leaves nothing that a second one would not find."""
    for after in itertools.count():
        vault(backend).store("corp", token(1))
        vault(backend).store("corp", token(2, length=1500))

        was_killed = interrupted(backend, lambda kept: kept.delete("corp"), after)
        vault(backend).delete("corp")

        assert {} == backend.items
        if not was_killed:
            break

    assert after > 1


def test_every_step_of_a_change_passes_a_seam() -> None:
    """Tests can kill a process at each step by its name."""
    steps: list[str] = []
    kept = Vault(
        "sso-tray",
        Path("/c"),
        MemoryBackend(max_chars=1280),
        patience=Patience(),
        seam=steps.append,
    )

    kept.store("corp", token(1, length=500))
    kept.forget_older("corp", kept.store("corp", token(2, length=500)))

    saved = ["store", "remove", "part 1", "part 2", "manifest", "read back", "stored"]
    forgotten = ["remove", "remove part 2", "remove part 1", "forgotten"]
    assert [*saved, *saved, *forgotten] == steps


@pytest.mark.parametrize("fault", ["loses_writes", "garbles_writes", "refuses_writes"])
def test_no_error_holds_a_secret(fault: str) -> None:
    """Neither the error nor what it came from has a piece of the token in it."""
    backend = MemoryBackend()
    setattr(backend, fault, True)

    with pytest.raises(TrayError) as raised:
        vault(backend).store("corp", token(1))

    error: BaseException | None = raised.value
    while error is not None:
        assert CANARY not in repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or error.__context__


def test_ten_sessions_take_turns_within_their_time() -> None:
    """Sessions renewed side by side queue for the keyring, and none is told that it hangs."""
    backend = MemoryBackend()
    kept = vault(backend)

    failures: list[Exception] = []

    def renew(key: str) -> None:
        try:
            for number in range(5):
                kept.forget_older(key, kept.store(key, token(number)))
        except TrayError as error:
            failures.append(error)

    threads = [threading.Thread(target=renew, args=(f"session {n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert ([], 10) == (failures, len(backend.items))


def test_the_text_of_an_item_is_one_json_document() -> None:
    """Rule K2: what another client of the keyring finds under our name."""
    backend = MemoryBackend()
    kept = vault(backend)

    kept.store("corp", token(1))

    assert {kept.item_names("corp")[0]: serialise(token(1), 1).reveal()} == backend.items
