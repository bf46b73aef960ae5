from __future__ import annotations

import itertools
import math
from typing import get_args

import pytest
from PIL import Image

from tests.desktop.looks import NOW, row, view_of
from tray.core.accounts.account_marks import COLOURS
from tray.core.model import State
from tray.desktop.icon.icon_drawing import BADGE, STATE_COLOURS, Colour, draw
from tray.desktop.icon.icon_state import SIZES, IconState, Theme, icon_state_of, redraw_at

STATES: tuple[State, ...] = get_args(State)
THEMES: tuple[Theme, ...] = get_args(Theme)
ALARM: Colour = (235, 77, 75)
"""What waybar paints behind an icon that needs attention."""
LIGHT: Colour = (246, 246, 246)
DARK: Colour = (30, 30, 30)
PANELS: tuple[tuple[Theme, Colour], ...] = (
    ("any", LIGHT),
    ("any", DARK),
    ("light", LIGHT),
    ("dark", DARK),
    ("template", (225, 232, 240)),
)
SOLID: dict[State, tuple[float, float]] = {
    "signed-out": (0.5, 0.14),
    "signing-in": (0.865, 0.5),
    "signed-in": (0.5, 0.14),
    "ending": (0.5, 0.2),
    "renewal-failing": (0.25, 0.84),
    "expired": (0.5, 0.5),
    "unreadable": (0.25, 0.5),
}
"""A place in each sign, in parts of the icon's side, that shows the state's own colour."""


def silhouette(look: IconState, size: int, theme: Theme, ground: Colour) -> bytes:
    """Return the icon on its panel in black and white: all that is left without colour."""
    icon = draw(look, size, theme)
    panel = Image.new("RGBA", icon.size, (*ground, 255))
    panel.alpha_composite(icon)
    dim = luminance(ground)
    return bytes(abs(luminance(one) - dim) > 0.1 for one in pixels(panel))


def pixels(image: Image.Image) -> list[tuple[int, int, int, int]]:
    """Return all pixels in reading order."""
    data = iter(image.tobytes())
    return list(zip(data, data, data, data, strict=True))


def off(one: bytes, other: bytes) -> int:
    """Return in how many pixels two silhouettes differ."""
    return sum(a != b for a, b in zip(one, other, strict=True))


def rings(state: State) -> tuple[float | None, ...]:
    """Return the rings a state can have."""
    if state in ("signed-in", "ending", "renewal-failing"):
        return (None, 0.0, 0.25, 0.5, 1.0)
    return (None,)


def luminance(colour: tuple[int, ...]) -> float:
    """Return the relative luminance of WCAG 2.2, 0 to 1."""
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in colour[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("state", STATES)
def test_what_needs_attention_is_seen_on_red(state: State) -> None:
    """Each sign has a light outline there; without it the red cross would vanish."""
    outline = silhouette(IconState(state, rim=True), 22, "any", ALARM)

    assert 30 < sum(outline)
    assert 0 == sum(silhouette(IconState("expired"), 22, "any", ALARM))


@pytest.mark.parametrize(("theme", "ground"), PANELS)
def test_states_differ_without_colour(theme: Theme, ground: Colour) -> None:
    """At 16 pixels, in black and white, any two states differ in 24 pixels and more."""
    looks = [IconState(state, ring) for state in STATES for ring in rings(state)]
    shapes = {look: silhouette(look, 16, theme, ground) for look in looks}

    too_close = [
        (one, other)
        for one, other in itertools.combinations(looks, 2)
        if one.state != other.state and off(shapes[one], shapes[other]) < 24
    ]
    assert [] == too_close


@pytest.mark.parametrize("theme", ["any", "light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_the_state_colour_is_where_it_is_looked_for(state: State, size: int, theme: Theme) -> None:
    """A known pixel of each sign has exactly the state's colour, at every size on every panel."""
    x, y = SOLID[state]

    found = draw(IconState(state), size, theme).getpixel((int(x * size), int(y * size)))

    assert (*STATE_COLOURS[state], 255) == found


def test_colours_differ_and_stand_out_on_every_panel() -> None:
    """Each state's colour has a contrast of 3:1 against white and against a dark panel."""
    weak = [
        state
        for state, colour in STATE_COLOURS.items()
        if min(contrast(colour, (255, 255, 255)), contrast(colour, (30, 30, 30))) < 3
    ]

    assert [] == weak
    assert len(STATES) == len({*STATE_COLOURS.values()})
    assert set(STATES) == set(STATE_COLOURS)


def test_template_is_black_and_clear_only() -> None:
    """A template icon carries no colour at all: macOS tints it."""
    image = draw(IconState("ending", 0.5, badge=True, guarded=True), 32, "template")

    assert {(0, 0, 0)} == {pixel[:3] for pixel in pixels(image) if pixel[3]}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_ring_grows_with_the_time_left(size: int, theme: Theme) -> None:
    """More time left fills more of the ring, step by step."""
    filled = [
        sum(pixel[3] for pixel in pixels(draw(IconState("signed-in", step / 12), size, theme)))
        for step in range(13)
    ]

    assert sorted(set(filled)) == filled


@pytest.mark.parametrize(("theme", "ground"), PANELS)
def test_the_guarded_mark_is_seen_on_its_panel(theme: Theme, ground: Colour) -> None:
    """The shield stands out in black and white on every panel its theme is for."""
    seen = silhouette(IconState("signing-in", guarded=True), 16, theme, ground)
    corner = [seen[16 * y + x] for y in range(9, 16) for x in range(9, 16)]

    assert sum(corner) >= 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_badge_and_guard_are_seen_and_leave_the_sign(state: State, theme: Theme) -> None:
    """Badge and guarded mark each change the icon at 16 pixels and leave the left half alone."""
    plain, badge, guard = (
        draw(look, 16, theme)
        for look in (
            IconState(state),
            IconState(state, badge=True),
            IconState(state, guarded=True),
        )
    )
    left = (0, 0, 8, 16)

    assert 3 == len({plain.tobytes(), badge.tobytes(), guard.tobytes()})
    assert 1 == len({image.crop(left).tobytes() for image in (plain, badge, guard)})


@pytest.mark.parametrize("theme", THEMES)
def test_the_accounts_colour_is_on_the_icon(theme: Theme) -> None:
    """A square in the corner that badge and shield leave free; a template has one colour."""
    look = IconState("signed-in", 0.5, badge=True, guarded=True, colour="red")
    image = draw(look, 32, theme)

    expected = (0, 0, 0) if theme == "template" else COLOURS["red"]
    assert (*expected, 255) == image.getpixel((6, 25))


def test_badge_has_a_colour_of_its_own() -> None:
    """The badge's colour is found in the icon, and is no state's colour."""
    image = draw(IconState("signed-in", badge=True), 22, "dark")

    assert (*BADGE, 255) in pixels(image)
    assert BADGE not in STATE_COLOURS.values()


def test_equal_looks_are_drawn_once() -> None:
    """The same look gives the very same image, so that nothing is drawn or sent again."""
    first = draw(IconState("ending", 0.5), 22, "dark")

    assert first is draw(IconState("ending", 0.5), 22, "dark")


@pytest.mark.parametrize("size", [*SIZES, 17, 128, 512])
def test_any_size_is_square_and_rgba(size: int) -> None:
    """Every size comes out as asked for, RGBA, with clear corners."""
    image = draw(IconState("signed-in"), size)

    assert ((size, size), "RGBA") == (image.size, image.mode)
    assert (0, 0, 0, 0) == image.getpixel((0, 0))


def test_the_active_profile_decides_the_sign() -> None:
    """The icon speaks of the active profile's session, and of others only by the badge."""
    rows = (row("corp", "signed-in"), row("lab", "expired"))

    active = icon_state_of(view_of(*rows, active="corp-dev", worst="expired", attention=1), NOW)
    none = icon_state_of(view_of(*rows, worst="expired", attention=1), NOW)

    assert IconState("signed-in", badge=True, rim=True) == active
    assert IconState("expired", rim=True) == none


def test_badge_when_more_waits_than_the_sign_says() -> None:
    """A second session in need, a locked keyring or a broken config each bring the badge."""
    one, two = row("corp", "expired"), row("lab", "expired")
    well = row("corp", "signed-in")

    badges = [
        icon_state_of(shown, NOW).badge
        for shown in (
            view_of(well),
            view_of(one, worst="expired", attention=1),
            view_of(one, two, worst="expired", attention=2),
            view_of(well, keyring_locked=True),
            view_of(well, problems=("~/.aws/config, line 3: no section header",)),
        )
    ]

    assert [False, False, True, True, True] == badges


def test_guarded_is_what_the_view_says() -> None:
    """The guarded mark is there exactly while the active profile is guarded."""
    marks = [
        icon_state_of(view_of(row("corp", "signed-in"), guarded=guarded), NOW).guarded
        for guarded in (True, False)
    ]

    assert [True, False] == marks


def test_nothing_configured_is_signed_out() -> None:
    """With no session at all the icon is the empty ring."""
    assert IconState("signed-out") == icon_state_of(view_of(worst="signed-out"), NOW)


@pytest.mark.parametrize(
    ("known", "ring"), [("exact", 0.5), ("set", 0.5), ("learnt", None), ("no", None)]
)
def test_ring_only_for_facts(known: str, ring: float | None) -> None:
    """A known end is drawn as a ring; a guess never is."""
    shown = row("corp", "ending", session_ends_at=NOW + 1800, session_end_known=known)

    assert ring == icon_state_of(view_of(shown, worst="ending"), NOW).ring


def test_ring_of_a_token_that_nothing_renews() -> None:
    """Without renewal, or while it fails, the token's own end is the one that counts."""
    rings = [
        icon_state_of(view_of(shown, worst=shown.state), NOW).ring
        for shown in (
            row("corp", "signed-in", renews=False, token_expires_at=NOW + 7 * 3600),
            row("corp", "signed-in", renews=False, token_expires_at=NOW + 900),
            row("corp", "renewal-failing", token_expires_at=NOW + 1),
            row("corp", "renewal-failing", token_expires_at=NOW - 1),
            row("corp", "signed-in", token_expires_at=NOW + 900),
            row("corp", "expired", token_expires_at=NOW - 5, session_ends_at=NOW - 5),
        )
    ]

    assert [1.0, 0.25, 1 / 12, 0.0, None, None] == rings


def test_the_next_redraw_is_told_exactly() -> None:
    """Just before the told moment the look is the same, at that moment it is another."""
    shown = view_of(
        row("corp", "ending", session_ends_at=NOW + 1000, session_end_known="exact"),
        worst="ending",
    )
    seen, at = [], NOW
    while (change := redraw_at(shown, at)) is not None:
        before, after = icon_state_of(shown, change - 0.01), icon_state_of(shown, change)
        seen.append((icon_state_of(shown, at) == before, before == after))
        at = change

    assert [(True, False)] * 4 == seen
    assert math.isclose(NOW + 1000, at)


def test_no_redraw_is_due_where_nothing_moves() -> None:
    """A session that renews itself asks for no redraw, so that an idle tray sleeps."""
    assert redraw_at(view_of(row("corp", "signed-in")), NOW) is None
