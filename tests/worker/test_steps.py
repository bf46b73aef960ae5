"""Rule K8: every step of every transaction can be killed and repeated."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.worker.kills import (
    TRANSACTIONS,
    file_of,
    kill_at_random,
    kill_everywhere,
    members_of,
    place_in,
)
from tests.worker.processes import GIVEN, Order
from tray.aws.cache.token_cache import parse_token
from tray.core.outcomes import Outcome, Refused, RemovalJudged, Renewed

KILLS = 40
"""At random moments of each transaction."""


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_killed_at_every_moment_and_repeated(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: no torn file, no refresh token lost, and repeating brings it to its end."""
    kill_everywhere(TRANSACTIONS[name], "file", tmp_path, monkeypatch)


def test_killed_at_every_moment_with_a_real_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: the same with GNOME Keyring in the place of ours; the soak kills all the others so."""
    kill_everywhere(TRANSACTIONS["release"], "gnome", tmp_path, monkeypatch)


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_killed_at_random_and_repeated(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K8: the same wherever the system ends it, also between the moments that have names."""
    killed = kill_at_random(TRANSACTIONS[name], KILLS, random.Random(name), tmp_path, monkeypatch)

    assert killed > 0


@dataclass(frozen=True)
class Lost:
    """
    What strict rotation can lose in a transaction that is killed.

    Args:
        moments: between AWS's answer and where it is kept.
        told: what the repetition comes to.
    """

    moments: list[str]
    told: Outcome


LOST = {
    "renew": Lost(["answered", "vault: store", "vault: item"], Refused("valid")),
    "renew-from-the-file": Lost(["answered", "temp-written"], Refused("valid")),
    "adopt-and-renew": Lost(["answered", "vault: store", "vault: item"], Refused("valid")),
    # Past its end by our clock alone: AWS still takes it, and that counts.
    "renew-past-its-end": Lost(["answered", "vault: store", "vault: item"], Refused("valid")),
    "refresh-decides": Lost(
        ["answered", "vault: store", "vault: item"], RemovalJudged("signed-out")
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_under_strict_rotation_only_the_answer_can_be_lost(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6: the loss is confined to between AWS's answer and the store, and is told."""
    transaction = TRANSACTIONS[name]
    with place_in(tmp_path, "file", monkeypatch, rotation="strict") as place:
        count = len(place.run(transaction.kind, transaction.start(place, 1))[0].moments)
        homes = transaction.start(place, count)

        killed = place.starter.run(
            *(Order(home, transaction.kind, stop_at=at) for at, home in enumerate(homes))
        )
        ended = place.run(transaction.kind, homes)
        able = place.renews(homes)

        lost = []
        for number, home in enumerate(homes):
            if able[number]:
                continue
            assert LOST[name].told == ended[number].answer
            if LOST[name].told == Refused("valid"):
                assert place.center.accepts_access_token(members_of(home)["accessToken"])
            lost.append(killed[number].moments[-1])

    assert LOST[name].moments == lost


def test_killed_while_it_looks_back_a_late_writers_login_is_lost_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4 (5): that login exists only in the replaced file, as the adoption's text says."""
    with place_in(tmp_path, "file", monkeypatch) as place:
        names = place.run("adopt-late", place.written_late(1))[0].moments
        first = names.index("published")
        homes = place.written_late(names.index("adopted-late") + 1 - first)

        killed = place.starter.run(
            *(Order(home, "adopt-late", stop_at=first + at) for at, home in enumerate(homes))
        )
        able = place.renews(homes)
        kept = place.kept(homes)

    lost = [
        one.moments[-1]
        for one, home, token in zip(killed, homes, kept, strict=True)
        if json.loads((home / GIVEN).read_bytes())["refreshToken"]
        not in (token, members_of(home).get("refreshToken"))
    ]
    assert [True] * len(homes) == able
    assert ["published", "temp-written"] == lost


def test_many_processes_renew_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 69, G3: whoever found the same token too old: one CreateToken, no failure."""
    with place_in(tmp_path, "file", monkeypatch, rotation="strict") as place:
        home = place.adopted(1)[0]
        seen = parse_token(file_of(home).read_bytes(), "").fingerprint

        ended = place.starter.run(*[Order(home, "renew", seen=seen)] * 6)

        assert 1 == place.center.count("CreateToken")
        fingerprints = {
            one.answer.token.fingerprint for one in ended if isinstance(one.answer, Renewed)
        }
        assert (6, 1) == (len(ended), len(fingerprints - {seen}))


def test_processes_without_any_word_between_them_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 1.4: under strict rotation even so: the lock keeps one after the other."""
    with place_in(tmp_path, "file", monkeypatch, rotation="strict") as place:
        home = place.adopted(1)[0]

        ended = place.run("renew", [home] * 4)

        assert [Renewed] * 4 == [type(one.answer) for one in ended]
        assert [True] == place.renews([home])


def test_the_file_can_be_read_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K3: a reader that never stops sees whole files only, while four processes renew."""
    with place_in(tmp_path, "file", monkeypatch) as place:
        home = place.adopted(1)[0]
        done = threading.Event()
        reads: list[int] = []

        def read() -> None:
            count = 0
            while not done.is_set():
                parse_token(file_of(home).read_bytes(), "the file")
                count += 1
            reads.append(count)

        reader = threading.Thread(target=read)
        reader.start()
        place.run("renew", [home] * 4)
        done.set()
        reader.join()

    assert 1 == len(reads)
