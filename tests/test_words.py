from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tray.core.text.display_names import clean

_ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


@given(_ANYTHING, st.integers(1, 100))
@example("\x1b]0;x\x07", 64)
@example("\u202egnp.exe", 64)
@example("\ud800", 64)
@example("\U000e0041" * 70, 64)
def test_what_is_shown_is_printable_and_within_the_limit(text: str, limit: int) -> None:
    """No control, bidi mark or lone surrogate reaches a screen, at any length."""
    shown = clean(text, limit)

    assert shown.isprintable()
    assert len(shown) <= limit
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(_ANYTHING)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """What was cleaned in one place may be cleaned again in the next."""
    assert clean(text) == clean(clean(text))


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=64))
def test_an_ordinary_name_is_left_alone(text: str) -> None:
    """Letters of all scripts, digits and signs pass as they are."""
    assert text == clean(text)


def test_long_names_stay_distinguishable() -> None:
    """Names of ten thousand characters that differ anywhere are shown differently."""
    long = "team-" + "x" * 10_000 + "-prod"
    others = ["T" + long[1:], long[:-1] + "D", long[:5000] + "y" + long[5001:]]

    shown = [clean(name) for name in (long, *others)]

    assert 4 == len(set(shown))
    assert shown[0].startswith("team-xxx")
    assert shown[0].endswith("xxx-prod")


def test_what_was_taken_out_leaves_a_mark() -> None:
    """A name with something invisible in it does not look like the name without."""
    assert "a\ufffdb c" == clean("a\u200bb\tc")
