from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.keyring_session import keyring_session
from tests.worker.memory_backend import Killed, MemoryBackend
from tests.worker.signing_in import Place, approving, make_tools, place_to_sign_in
from tests.worker.world import full_disk
from tray.core.model import Preferences, Reason
from tray.errors import UserMustAct
from tray.system.lock.file_lock import FileLock, lock_path
from tray.worker.sign_in import sign_in_saving
from tray.worker.tokens.adoption import adopt


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an Identity Center that approves by itself, and a keyring in memory."""
    with place_to_sign_in(tmp_path, monkeypatch) as ready:
        yield ready


def _locks(backend: MemoryBackend) -> None:
    backend.state = "locked"


def _vanishes(backend: MemoryBackend) -> None:
    backend.state = "absent"


def _refuses(backend: MemoryBackend) -> None:
    backend.refuses_writes = True


def _garbles(backend: MemoryBackend) -> None:
    backend.garbles_writes = True


def _loses(backend: MemoryBackend) -> None:
    backend.loses_writes = True


@pytest.mark.parametrize(
    ("trouble", "reason", "words"),
    [
        (_locks, "keyring-locked", "The keyring is locked, so the refresh token is in"),
        (_vanishes, "keyring-absent", "No keyring was found"),
        (_refuses, "keyring-denied", "The keyring refused the refresh token"),
        (_garbles, "keyring-denied", "The keyring refused the refresh token"),
        (_loses, "keyring-denied", "The keyring refused the refresh token"),
    ],
)
def test_a_sign_in_is_never_lost_to_a_keyring(
    place: Place, trouble: Callable[[MemoryBackend], None], reason: Reason, words: str
) -> None:
    """Unless the write was read back the file is whole, as the AWS CLI writes it (L12)."""
    trouble(place.backend)
    browser = approving()

    result = place.sign_in(browser)

    document = json.loads(place.file_text())
    assert {
        "startUrl", "region", "accessToken", "expiresAt",
        "clientId", "clientSecret", "registrationExpiresAt", "refreshToken",
    } == document.keys()  # fmt: skip
    assert place.center.accepts_refresh_token(document["refreshToken"])
    assert ("file", "file", reason) == (result.store, place.store(), result.reason)
    assert result.sentence is not None
    assert result.sentence.startswith(words)
    assert words in browser.last()[1]


def test_a_slow_keyring_is_not_waited_for(place: Place) -> None:
    """A keyring that does not answer in time costs nothing: the file is whole."""
    context = replace(
        make_tools(place.context.paths.home, place.backend, write_seconds=0.2),
        seam=lambda step: place.backend.gate.clear() if step == "granted" else None,
    )

    result = place.sign_in(approving(), context=context)
    place.backend.gate.set()

    published = place.published()
    assert published is not None
    assert published.refreshable
    assert ("file", "keyring-waiting") == (result.store, result.reason)
    assert result.sentence is not None
    assert "didn't answer in time" in result.sentence
    assert context.keyring_store.settled(60)


def test_the_file_moves_into_the_keyring_later(place: Place) -> None:
    """What the sentence says is so: once unlocked, adoption takes it in."""
    place.backend.state = "locked"
    place.sign_in(approving())
    place.backend.state = "ready"

    adopt(place.session, place.context)

    kept, published = place.context.keyring_store.load(place.session), place.published()
    assert kept is not None
    assert published is not None
    assert kept.refreshable
    assert not published.refreshable
    assert "keyring" == place.store()


def test_with_adoption_off_nothing_is_promised(place: Place) -> None:
    """The sentence does not say that the token will move where it will not."""
    place.backend.state = "locked"
    settings = replace(place.context.settings, preferences=Preferences(adopt=False))

    result = place.sign_in(approving(), context=replace(place.context, settings=settings))

    assert result.sentence is not None
    assert "moves" not in result.sentence


@pytest.mark.parametrize("store", ["file", "released", None])
def test_a_sign_in_makes_the_keyring_the_keeper(place: Place, store: str | None) -> None:
    """Whoever kept it before, and however contested it was (K1)."""
    place.context.records.change(
        place.session.key, store=store, contested=True, handed_back=(1.0, 2.0)
    )

    result = place.sign_in(approving())

    record = place.context.record(place.session)
    assert ("keyring", "keyring") == (result.store, record.store)
    assert (False, ()) == (record.contested, record.handed_back)


def test_the_keeper_is_recorded_before_the_file_changes(place: Place) -> None:
    """Each step comes after the one that makes it safe."""
    steps: list[tuple[str, str | None, bool]] = []

    def look(step: str) -> None:
        steps.append((step, place.store(), bool(place.file_text())))

    place.sign_in(approving(), context=place.with_steps(look))

    assert [
        ("ready", None, False),
        ("exchanging", None, False),
        ("granted", None, False),
        ("stored", None, False),
        ("recorded", "keyring", False),
        ("temp-written", "keyring", False),
        ("renamed", "keyring", True),
        ("directory-synced", "keyring", True),
        ("published", "keyring", True),
        ("forgotten", "keyring", True),
    ] == steps


@pytest.mark.parametrize(
    "last", ["ready", "exchanging", "granted", "stored", "recorded", "published", "forgotten"]
)
def test_a_sign_in_killed_at_any_step_can_be_repeated(place: Place, last: str) -> None:
    """No file is torn, the older token or the newer one is there, and the next sign-in works."""
    place.sign_in(approving())
    before = place.published()

    def kill(step: str) -> None:
        if step == last:
            raise Killed

    with suppress(Killed):
        place.sign_in(approving(), context=place.with_steps(kill))
    between = place.published()
    result = place.sign_in(approving())

    assert before is not None
    assert between is not None
    assert (between == before) == (last not in ("published", "forgotten"))
    assert "keyring" == result.store
    assert place.context.keyring_store.load(place.session) is not None


def test_only_one_generation_is_left(place: Place) -> None:
    """Older refresh tokens do not pile up in the keyring."""
    for _ in range(3):
        place.sign_in(approving())

    assert 1 == len(place.context.keyring_store.generations(place.session.key))


def test_members_of_others_stay_in_the_file(place: Place) -> None:
    """What another program put into the file is still there after a sign-in (K3)."""
    place.sign_in(approving())
    file = place.context.file_of(place.session)
    file.write_text(json.dumps({**json.loads(file.read_text()), "theirs": {"a": [1]}}))

    place.sign_in(approving())

    assert {"a": [1]} == json.loads(file.read_text())["theirs"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"accessToken": 1}'])
def test_a_broken_file_is_replaced(place: Place, content: str) -> None:
    """A sign-in mends a file that could not be read."""
    file = place.context.file_of(place.session)
    file.parent.mkdir(parents=True)
    file.write_text(content)

    place.sign_in(approving())

    assert place.published() is not None


def test_a_file_that_cannot_be_written_is_named(place: Place) -> None:
    """Where the file cannot be written the sentence says so, and the keyring has the tokens."""
    cache = place.context.paths.token_cache
    cache.parent.mkdir(parents=True)
    cache.write_text("in the way")
    browser = approving()

    with pytest.raises(UserMustAct, match=r"Signed in, but .* can't be written"):
        place.sign_in(browser)

    assert "can&#x27;t be written" in browser.last()[1]
    assert "Nothing has changed" not in browser.last()[1]
    assert place.context.keyring_store.load(place.session) is not None


def test_where_nothing_can_be_written_no_item_stays_behind(place: Place) -> None:
    """A full disk costs the sign-in, told with the file's name; the one before it is kept."""
    place.sign_in(approving())
    kept = place.context.keyring_store.load(place.session)

    with full_disk(), pytest.raises(UserMustAct, match=r"Signed in, but .*json can't be written"):
        place.sign_in(approving())

    left = place.context.keyring_store.load(place.session)
    assert kept is not None
    assert left is not None
    assert kept.fingerprint == left.fingerprint


def test_without_records_the_file_is_whole(place: Place) -> None:
    """Who keeps it cannot be recorded: then only the full file is right for everybody."""
    (place.context.paths.state / "state.json").mkdir(parents=True)

    result = place.sign_in(approving())

    published = place.published()
    assert published is not None
    assert published.refreshable
    assert "file" == result.store
    assert result.sentence is not None
    assert "records can't be written" in result.sentence


def test_a_lock_that_never_comes_loses_nothing(place: Place) -> None:
    """Then the file is written as ``aws sso login`` does, which knows no locks."""
    place.sign_in(approving())
    token = place.context.keyring_store.load(place.session)
    assert token is not None
    with FileLock(lock_path(place.context.paths.state, "session", place.session.key)):
        result = sign_in_saving.save(place.session, place.context, token, lock_within=0.05)

    published = place.published()
    assert published is not None
    assert published.refreshable
    assert "file" == result.store


def test_a_real_keyring_locked_and_unlocked(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With GNOME Keyring: locked = the whole file and no prompt; unlocked = the next is lean."""
    with keyring_session("locked") as desktop:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
        context = make_tools(tmp_path, None)

        locked = place.sign_in(approving(), context=context)
        whole = place.file_text()
        desktop.unlock()
        unlocked = place.sign_in(approving(), context=context)

        assert ("file", "keyring-locked") == (locked.store, locked.reason)
        assert "refreshToken" in whole
        assert ("keyring", None) == (unlocked.store, unlocked.reason)
        assert "refreshToken" not in place.file_text()
        kept = context.keyring_store.load(place.session)
        assert kept is not None
        assert kept.refreshable
