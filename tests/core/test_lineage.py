"""Which of a session's tokens came before which."""

from __future__ import annotations

import pytest

from tray.core import policy
from tray.core.lineage import NO_LINEAGE, Lineage, TokenPair

A, B, C = (TokenPair(f"access-{name}", f"refresh-{name}") for name in "abc")
ABC = Lineage((A, B, C))


@pytest.mark.parametrize(
    ("pair", "replaced"),
    [
        (A, True),
        (TokenPair(B.access), True),
        (TokenPair("unknown", B.refresh), True),
        (TokenPair(A.access, C.refresh), True),
        (C, False),
        (TokenPair(C.access), False),
        (TokenPair("unknown", C.refresh), False),
        (TokenPair("unknown", "unknown"), False),
        (TokenPair("unknown"), False),
    ],
)
def test_what_has_a_successor_is_replaced(pair: TokenPair, *, replaced: bool) -> None:
    """K4: either token tells; the newest refresh token may come with any access token."""
    assert replaced == ABC.has_replaced(pair)


def test_a_refresh_token_that_aws_returns_again_is_not_replaced() -> None:
    """R3: without rotation one refresh token belongs to many access tokens."""
    again = ABC.followed_by(TokenPair("access-d", C.refresh))

    assert (True, False) == (
        again.has_replaced(C),
        again.has_replaced(TokenPair("unknown", C.refresh)),
    )


def test_the_truth_again_is_the_newest() -> None:
    """K4: a file that we wrote ourselves is not older where nothing came after it."""
    assert Lineage((A, C, B)) == ABC.followed_by(B)
    assert not ABC.followed_by(B).has_replaced(B)


def test_nothing_is_replaced_by_nothing() -> None:
    """A session that was never signed in has no older tokens."""
    assert (False, None) == (NO_LINEAGE.has_replaced(A), NO_LINEAGE.newest)


def test_the_oldest_are_forgotten() -> None:
    """The lineage is bounded, and so is the keyring item."""
    lineage = NO_LINEAGE
    for number in range(1000):
        lineage = lineage.followed_by(TokenPair(str(number)))

    assert (policy.LINEAGE_KEPT, "999") == (len(lineage.pairs), lineage.pairs[-1].access)


@pytest.mark.parametrize(
    ("ours", "copy", "merged"),
    [
        ((B, C), (A, B), (A, B, C)),
        ((C,), (A, B), (A, B, C)),
        ((A, B), (A, B, C), (A, B, C)),
        ((B,), (A, B, C), (A, B, C)),
        ((A, B, C), (A,), (A, B, C)),
        ((), (A, B), (A, B)),
        ((A, B), (), (A, B)),
    ],
)
def test_a_copy_adds_what_only_it_lists(
    ours: tuple[TokenPair, ...], copy: tuple[TokenPair, ...], merged: tuple[TokenPair, ...]
) -> None:
    """The copy outlives the item, and is ahead of it where a write was never confirmed."""
    assert Lineage(merged) == Lineage(ours).merged(Lineage(copy))


def test_it_is_read_as_it_was_written() -> None:
    """K2: the same in the keyring item and in ``state.json``."""
    assert ABC == Lineage.from_json(ABC.to_json())
