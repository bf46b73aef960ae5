"""
Takes the README's pictures anew, of the real program on a real desktop: ``make pictures``.

The desktop is the tests' own (``tests/desk.py``), with a plain colour behind it; AWS is the
embedded Identity Center. What is not of interest is cut away.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import get_args

from PIL import Image, ImageDraw, ImageFont
from Xlib import X, Xatom  # type: ignore[import-untyped]  # its stubs are for this file alone
from Xlib.display import Display  # type: ignore[import-untyped]  # the same

from tests.desk import until
from tests.desktop.person import Box, Person, person
from tray.core.model import State
from tray.desktop.icon.icon_drawing import draw
from tray.desktop.icon.icon_state import IconState
from tray.storage.remembered_file import change_remembered
from tray.system.paths import Paths

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "icons/screenshots"

TOP, BELOW = (96, 128, 158), (58, 82, 112)
FADES_OVER = 400
MARGIN = 18

CONFIG = """\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = https://corp.awsapps.com/start
sso_registration_scopes = sso:account:access

[sso-session customer]
sso_region = eu-west-2
sso_start_url = https://customer.awsapps.com/start
sso_registration_scopes = sso:account:access
""" + "".join(
    f"""
[profile {name}]
sso_session = {session}
sso_account_id = {account}
sso_role_name = {role}
region = eu-west-1
"""
    for name, session, account, role in (
        ("dev", "corp", "123456789011", "FullAccess"),
        ("staging", "corp", "123456789011", "ReadOnly"),
        ("prod", "corp", "123456789012", "ReadOnly"),
        ("customer-audit", "customer", "123456789012", "ReadOnly"),
    )
)

SETTINGS = 'guarded = ["prod"]\n'


def main() -> None:
    """Take them all."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with person(
        config=CONFIG, settings=SETTINGS, notices=True, shadows=True, token_life=600
    ) as who:
        paint(who)
        who.sees_icon("signed-out")
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signed-in")
        who.click_on("No active profile", "dev")
        who.sees_icon("signed-in")
        state = Paths.from_environment(who.environ).state
        for name in ("staging", "dev"):
            who.click_on("Profile: ", name)
            until(partial(_says, who, f"Profile: {name}"), "the profile")
        change_remembered(state, lambda one: one.starred(("prod",), on=True))
        until(partial(_says, who, "★ prod  (guarded)"), "the favourite")
        seen = who.show("★ prod", "Open AWS console")
        keep(who, seen, "menu")
        who.desk.key(*["Escape"] * len(seen))
        who.center.end_session()
        notice = who.seen_notice(lambda: who.click_on("corp", "Renew now"), "ending")
        who.living.until_state("corp", "ending")
        who.sees_icon("ending")
        keep(who, [notice], "notice")
    icons().save(PLACE / "icons.png", optimize=True)


def _says(who: Person, label: str) -> bool:
    """Whether the menu has a row."""
    return label in who.menu().labels()


def paint(who: Person) -> None:
    """Give the desktop a background, where the window manager's compositor looks for one."""
    display = Display(who.environ["DISPLAY"])
    screen = display.screen()
    width, height = screen.width_in_pixels, screen.height_in_pixels
    pixmap = screen.root.create_pixmap(width, height, screen.root_depth)
    pen = pixmap.create_gc()
    for y in range(height):
        share = min(1.0, y / FADES_OVER)
        red, green, blue = (
            round(one + share * (two - one)) for one, two in zip(TOP, BELOW, strict=True)
        )
        pen.change(foreground=red << 16 | green << 8 | blue)
        pixmap.fill_rectangle(pen, 0, y, width, 1)
    name = display.intern_atom("_XROOTPMAP_ID")
    screen.root.change_property(name, Xatom.PIXMAP, 32, [pixmap.id])
    display.set_close_down_mode(X.RetainPermanent)
    display.sync()
    display.close()


def keep(who: Person, boxes: list[Box], name: str) -> None:
    """Keep the part of the screen that holds these boxes and the panel above them."""
    left = min(box[0] for box in boxes) - MARGIN
    bottom = max(box[3] for box in boxes) + MARGIN
    screen = who.desk.await_rest()
    screen.crop((left, 0, screen.width, bottom)).save(PLACE / f"{name}.png", optimize=True)


def icons() -> Image.Image:
    """Return all states side by side, each with its name."""
    order: tuple[State, ...] = get_args(State)
    cell, height = 104, 104
    image = Image.new("RGB", (cell * len(order), height), (246, 245, 244))
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)
    for column, state in enumerate(order):
        ring = 0.5 if state in ("ending", "renewal-failing") else None
        icon = draw(IconState(state, ring), 48)
        image.paste(icon, (column * cell + (cell - 48) // 2, 16), icon)
        middle = (column * cell + cell // 2, 86)
        pen.text(middle, state.replace("-", " "), fill=(60, 60, 60), font=font, anchor="mm")
    return image


if __name__ == "__main__":
    main()
