from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.memory_backend import Killed, MemoryBackend
from tests.worker.vaults import BACKENDS, CANARY, CORP, PATIENCE, keyring_store, token
from tray.errors import KeyringDenied, KeyringUnavailable, TrayError
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> MemoryBackend:
    """Every kind of keyring in turn."""
    return BACKENDS[request.param]()


@pytest.mark.parametrize("fault", ["loses_writes", "garbles_writes", "refuses_writes"])
def test_a_write_that_did_not_arrive_is_a_refusal(backend: MemoryBackend, fault: str) -> None:
    """Fault 39: read-back absent or different: told, and the older generation is still there."""
    kept = keyring_store(backend)
    kept.store("corp", token(1))
    setattr(backend, fault, True)

    with pytest.raises(KeyringDenied):
        kept.store("corp", token(2))
    setattr(backend, fault, False)

    assert token(1) == keyring_store(backend).load(CORP)


def test_a_hanging_keyring_lets_its_caller_go_and_is_not_asked_twice() -> None:
    """Fault 38: a reason, at once for everybody who comes later; fine again once it answers."""
    backend = MemoryBackend()
    kept = keyring_store(backend, read_seconds=0.02)
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
    assert token(1) == keyring_store(backend).load(CORP)


def test_a_write_overdue_then_done_holds_the_whole_token() -> None:
    """Rule R3: the write that was under way may arrive late, and is then the newest."""
    backend = MemoryBackend()
    kept = keyring_store(backend, write_seconds=0.2)
    kept.store("corp", token(1))
    name = kept.item_names("corp")[1]

    def close_gate_at(step: str) -> None:
        if step == "item":
            backend.gate.clear()

    slow = TokenKeyring(
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
    kept = keyring_store(backend)

    kept.store("corp", token(1, length=6000))

    assert token(1, length=6000) == kept.load(CORP)
    assert max(len(text) for text in backend.items.values()) <= 1000


def test_a_short_document_is_one_item_even_where_parts_are_possible() -> None:
    """No manifest for what fits."""
    backend = MemoryBackend(max_chars=1280)
    kept = keyring_store(backend)

    kept.store("corp", token(1, length=5))

    assert {kept.item_names("corp")[0]} == backend.items.keys()


@pytest.mark.parametrize("damage", ["missing", "changed", "swapped"])
def test_a_damaged_part_breaks_its_generation_only(damage: str) -> None:
    """A part lost, edited or exchanged: that generation is ignored, the older one wins."""
    backend = MemoryBackend(max_chars=1280)
    kept = keyring_store(backend)
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
    kept = keyring_store(backend)
    name = kept.item_names("corp")[0]
    backend.items[name] = json.dumps({"version": 1, "parts": parts, "sha256": ""})

    assert kept.load(CORP) is None
    assert len(backend.requests) < 10


def interrupted(backend: MemoryBackend, act: Callable[[TokenKeyring], object], after: int) -> bool:
    """Kill an action after some changes of the keyring; return whether it was."""
    backend.kill_after = backend.changes + after
    try:
        act(keyring_store(backend))
    except Killed:
        return True
    finally:
        backend.kill_after = None
    return False


def test_killed_anywhere_in_a_renewal_a_whole_generation_is_left(backend: MemoryBackend) -> None:
    """Rule K8: prove, store, forget, cut after each single change: the old token or the new."""

    def renew(kept: TokenKeyring) -> None:
        old = kept.load(CORP)
        assert old is not None
        kept.store("corp", old)
        kept.forget_older("corp", kept.store("corp", token(2, length=1500)).generation)

    start = dict(backend.items)
    for after in itertools.count():
        backend.items = dict(start)
        keyring_store(backend).store("corp", token(1))

        was_killed = interrupted(backend, renew, after)

        left = keyring_store(backend).load(CORP)
        assert left in (
            [token(1), token(2, length=1500)] if was_killed else [token(2, length=1500)]
        )
        # And all can be repeated from there, and cleared away.
        renew(keyring_store(backend))
        assert token(2, length=1500) == keyring_store(backend).load(CORP)
        keyring_store(backend).delete("corp")
        assert {} == backend.items
        if not was_killed:
            break

    assert after > 2


def test_killed_anywhere_while_signing_out_it_can_be_repeated(backend: MemoryBackend) -> None:
    """A sign-out cut short leaves nothing that a second one would not find."""
    for after in itertools.count():
        keyring_store(backend).store("corp", token(1))
        keyring_store(backend).store("corp", token(2, length=1500))

        was_killed = interrupted(backend, lambda kept: kept.delete("corp"), after)
        keyring_store(backend).delete("corp")

        assert {} == backend.items
        if not was_killed:
            break

    assert after > 1


def test_every_step_of_a_change_passes_a_seam() -> None:
    """Tests can kill a process at each step by its name."""
    steps: list[str] = []
    kept = TokenKeyring(
        "sso-tray",
        Path("/c"),
        MemoryBackend(max_chars=1280),
        patience=Patience(),
        seam=steps.append,
    )

    kept.store("corp", token(1, length=500))
    kept.forget_older("corp", kept.store("corp", token(2, length=500)).generation)

    saved = ["store", "remove", "part 1", "part 2", "manifest", "read back", "stored"]
    forgotten = ["remove", "remove part 2", "remove part 1", "forgotten"]
    assert [*saved, *saved, *forgotten] == steps


@pytest.mark.parametrize("fault", ["loses_writes", "garbles_writes", "refuses_writes"])
def test_no_error_holds_a_secret(fault: str) -> None:
    """Neither the error nor what it came from has a piece of the token in it."""
    backend = MemoryBackend()
    setattr(backend, fault, True)

    with pytest.raises(TrayError) as raised:
        keyring_store(backend).store("corp", token(1))

    error: BaseException | None = raised.value
    while error is not None:
        assert CANARY not in repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or error.__context__


def test_ten_sessions_take_turns_within_their_time() -> None:
    """Sessions renewed side by side queue for the keyring, and none is told that it hangs."""
    backend = MemoryBackend()
    kept = keyring_store(backend)

    failures: list[Exception] = []

    def renew(key: str) -> None:
        try:
            for number in range(5):
                kept.forget_older(key, kept.store(key, token(number)).generation)
        except TrayError as error:
            failures.append(error)

    threads = [threading.Thread(target=renew, args=(f"session {n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert ([], 10) == (failures, len(backend.items))
