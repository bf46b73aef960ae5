"""What is promised of every desktop, each tried with real clicks on the running desktop."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

from tests.desktop.tray_host import ITEM_PATH
from tests.desktops.desktops import Desktop, Look
from tests.desktops.hands import ANY, Box, Person
from tests.desktops.product import PLACE
from tests.desktops.session import HOME, PROFILES, SIZE, Session
from tests.packages.told import Broken, until
from tray.core.model import State
from tray.desktop.icon.icon_drawing import draw
from tray.desktop.icon.icon_state import SIZES, IconState

LOGIN_SECONDS: Final = 10.0
_LOOKS: Final = 4
"""How often nothing is seen behind a locked screen, each time once all is at rest."""
URGENT_SECONDS: Final = 12.0
"""Longer than any server here shows a notice that is not urgent."""
_BESIDE_MARK: Final = 28
"""Pixels from a row's beginning, past the radio mark."""
_SCALED: Final = 0.25
"""The share of an icon that may be mixed colours, where a panel asks for a size between ours."""
_ROUNDED: Final = 4
"""What a colour may be off by a panel's way of rounding."""
NAME: Final = PROFILES[1]
MANY: Final = 200
OPENED: Final = f"{HOME}/opened"
_TYPED: Final = 3.0
"""Seconds in which results have settled: more of them come while the last letters are typed."""
_UDISKS: Final = "/usr/libexec/udisks2/udisksd"
_OTHERS: Final = {
    "udiskie": ("udiskie", "--tray", "--appindicator", "--no-automount", "--no-notify"),
    "KeePassXC": ("keepassxc",),
}
_KEEPASSXC: Final = """\
[General]
UpdateCheckMessageShown=true
[GUI]
CheckForUpdates=false
MinimizeOnStartup=true
MinimizeToTray=true
ShowTrayIcon=true
"""
_PACKAGING: Final = Path(__file__).parents[2] / "packaging/linux"
_GNOME_FILES: Final = {
    "sso-tray.desktop": "/usr/share/applications",
    "sso-tray-search-provider.ini": "/usr/share/gnome-shell/search-providers",
}
_OVERVIEW: Final = (
    "gdbus", "call", "--session", "-d", "org.gnome.Shell", "-o", "/org/gnome/Shell",
    "-m", "org.freedesktop.DBus.Properties.Set", "org.gnome.Shell", "OverviewActive", "<true>",
)  # fmt: skip
_KRUNNER: Final = (
    "gdbus", "call", "--session", "-d", "org.kde.krunner", "-o", "/App",
    "-m", "org.kde.krunner.App.display",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One promise.

    Args:
        name: its row of the table; also what a desktop's ``cannot`` names.
        keep: tries it and returns what was seen.
        cannot: why a kind of desktop cannot keep it; empty if it can.
    """

    name: str
    keep: Callable[[Person, int], str]
    cannot: Callable[[Desktop], str] = lambda _: ""


def icon_at_login(person: Person, starts: int) -> str:
    """The icon is on the panel soon after a login, with the desktop starting at the same time."""
    del starts
    session = person.session
    session.log_in()
    session.await_tray()  # a desktop ended at its first start may leave half of its settings
    session.sso("autostart", "on")
    session.log_out()
    session.log_in()
    session.await_tray()
    began = time.monotonic()
    person.sees_icon("signed-out")
    took = time.monotonic() - began
    person.close()
    person.sees_icon("signed-out")
    person.bare()
    if took > LOGIN_SECONDS:
        raise Broken(f"it took {took:.1f} s")
    return f"{took:.1f} s, {person.keep('login')}"


def every_start(person: Person, starts: int) -> str:
    """The icon is there after every start, half of them with all cores busy."""
    seen, slowest = 0, 0.0
    for number in range(starts):
        person.session.sso("quit")
        until(lambda: person.icon() is None, "the icon to go")
        with _busy() if number % 2 else _idle():
            began = time.monotonic()
            person.session.start()
            try:
                person.sees_icon("signed-out")
                seen += 1
            except Broken:
                continue
            slowest = max(slowest, time.monotonic() - began)
    if seen < starts:
        raise Broken(f"{seen} of {starts}")
    return f"{seen} of {starts}, at most {slowest:.1f} s"


@contextmanager
def _idle() -> Iterator[None]:
    yield


@contextmanager
def _busy() -> Iterator[None]:
    """Keep two cores busy."""
    burning = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def sharp_icon(person: Person, starts: int) -> str:
    """What is drawn for a size is what is seen, pixel by pixel."""
    del starts
    x, y = person.sees_icon("signed-out")
    panel = person.screen.await_rest()
    about = max(_ROUNDED, person.desktop.about)
    off = {size: _off(panel, (x, y), "signed-out", size, about) for size in SIZES[:4]}
    size, worst = min(off.items(), key=lambda one: one[1])
    panel.crop((x - 24, y - 24, x + 24, y + 24)).save(
        f"artifacts/desktop-{person.desktop.name}-icon.png"
    )
    if worst > 0:
        raise Broken(f"no size is shown as drawn; {size} pixels come nearest, {worst:.0%} differ")
    return f"{size} pixels, each as drawn"


def twice_as_sharp(person: Person, starts: int) -> str:
    """Where all is twice the size, so is the icon, drawn for it and not blown up."""
    del starts
    return _worn(person, person.desktop.twice, "twice", 2)


def other_look(person: Person, starts: int) -> str:
    """On a dark panel and on a light one the icon is drawn as sharply."""
    del starts
    return _worn(person, person.desktop.other, "other", 1)


def _state_of(session: Session) -> Callable[[], State | None]:
    def state() -> State | None:
        there = session.status()
        return there["sessions"][0]["state"] if there["resident"] else None

    return state


def _worn(person: Person, look: Look | None, name: str, scale: int) -> str:
    """Log in with another look and return what is seen of the icon; then all is as before."""
    assert look is not None
    session, root = person.session, person.session.root
    files = {place: session.kept(place) for place in look.files}
    keys = [line.split(" ", 2)[:2] for line in look.settings]
    values = [root.user("gsettings", "get", *key).strip() for key in keys]
    settings = [" ".join([*key, value]) for key, value in zip(keys, values, strict=True)]
    session.log_out()
    session.wear(look, scale)
    try:
        session.log_in()
        state: State = until(_state_of(session), "our own program to answer")
        person.sees_icon(state)
        person.screen.move(SIZE[0] // 3, SIZE[1] // 2)
        person.screen.await_rest()
        x, y = person.sees_icon(state)  # MATE's moves aside when the clock comes
        panel = person.screen.await_rest()
        kept = person.keep(name)
        about = max(_ROUNDED, person.desktop.about)
        sizes = [size for size in SIZES if size >= SIZES[0] * scale]
        off = {size: _off(panel, (x, y), state, size, about) for size in sizes}
        size, worst = min(off.items(), key=lambda one: one[1])
        if worst > _SCALED:
            raise Broken(f"{size} pixels come nearest, {worst:.0%} differ ({kept})")
        drawn = "each as drawn" if worst == 0 else f"{worst:.0%} of them mixed by the panel"
        return f"{size} pixels, {drawn}, {kept}"
    finally:
        session.log_out()
        session.wear(Look(files=files, settings=tuple(settings)), 1)
        session.log_in()
        person.sees_icon()
        person.bare()


def _off(
    panel: Image.Image, middle: tuple[int, int], state: State, size: int, about: int
) -> float:
    """Return the share of opaque pixels that differ from what is drawn, at the best place."""
    drawn = draw(IconState(state, None), size).convert("RGBA")
    opaque = drawn.getchannel("A").point(lambda value: 255 * (value == 255))
    whole = sum(opaque.histogram()[255:])
    best = 1.0
    for dx in range(-2, 3):
        for dy in range(-2, 3):
            left, top = middle[0] - size // 2 + dx, middle[1] - size // 2 + dy
            seen = panel.crop((left, top, left + size, top + size))
            far = ImageChops.difference(seen, drawn.convert("RGB")).convert("L")
            differs = ImageChops.darker(far.point(lambda value: 255 * (value > about)), opaque)
            best = min(best, sum(differs.histogram()[255:]) / whole)
    return best


def left_click(person: Person, starts: int) -> str:
    """A left click opens the menu, or the accounts page where the host opens no menu."""
    del starts
    return _opens(person, 1)


def right_click(person: Person, starts: int) -> str:
    """A right click opens the menu."""
    del starts
    return _opens(person, 3)


def _opens(person: Person, button: int) -> str:
    person.close()
    if button not in person.desktop.opens:
        before = person.session.opened()
        person.screen.click(*person.sees_icon(), button)
        until(lambda: person.session.opened() > before, "the accounts page in the browser")
        return "the accounts page in the browser"
    left, top, right, bottom = person.open_menu(button)
    kept = person.keep(f"button-{button}")
    person.close()
    if right - left < 100 or bottom - top < 100:
        raise Broken(f"what opened is {right - left} by {bottom - top} pixels")
    return kept


def first_submenus(person: Person, starts: int) -> str:
    """The first opening of every submenu is on the screen, below or beside its row."""
    del starts
    person.session.sso("quit")
    until(lambda: person.icon() is None, "the icon to go")
    person.session.start()
    person.sees_icon()
    return f"{_submenus(person)} submenus"


def _submenus(person: Person) -> int:
    """Open each submenu, for the first time since something happened, and return how many."""
    labels = [one.properties["label"] for one in person.menu().children if one.children]
    for label in labels:
        boxes = person.go_to(label.replace("__", "_"), ANY)
        left, top, right, bottom = boxes[-1]
        if right - left < 60 or bottom - top < 15:  # half a row, where it overlaps the panel
            raise Broken(f"{label}: {right - left} by {bottom - top} pixels are on the screen")
        person.close()
    return len(labels)


def click_acts(person: Person, starts: int) -> str:
    """A click on a profile in a submenu makes it the active one, and its mark shows that."""
    del starts
    person.session.sso("use", "dev")
    before = _mark(person, NAME)
    boxes = person.go_to(_profile_row(person), NAME)
    person.click_row(person.row(boxes[-1]))
    until(lambda: person.session.status()["active_profile"] == NAME, "the profile to be active")
    person.keep("picked")
    person.close()
    after = _mark(person, NAME)
    if ImageChops.difference(before, after).getbbox() is None:
        raise Broken("the row that was clicked has no mark")
    return f"{NAME} by the mouse"


def _profile_row(person: Person) -> str:
    labels = [one.properties["label"] for one in person.menu().children if one.children]
    return str(next(label for label in labels if "rofile" in label)).replace("__", "_")


def _mark(person: Person, name: str) -> Image.Image:
    """Return the picture of the mark beside a profile."""
    boxes = person.go_to(_profile_row(person), name)
    left, top, _, bottom = person.row(boxes[-1])
    picture = person.screen.await_rest().crop((left, top, left + _BESIDE_MARK, bottom))
    person.keep("profiles")
    person.close()
    return picture


def names(person: Person, starts: int) -> str:
    """A name with several underscores is shown with exactly these."""
    del starts
    boxes = person.go_to(_profile_row(person), NAME)
    left, top, right, bottom = person.row(boxes[-1])
    inner = left + _BESIDE_MARK, top + 3, right - 4, bottom - 3
    row = person.screen.await_rest().crop(inner).convert("L")
    person.keep("names")
    person.close()
    wanted = NAME.count("_")
    found = [runs for y in range(row.height) if len(runs := _runs(row, y)) == wanted]
    even = [runs for runs in found if max(runs) - min(runs) <= 1 and min(runs) >= 4]
    if not even:
        raise Broken(f"no line of pixels has {wanted} underscores of one width")
    return f"{wanted} underscores of {even[-1][0]} pixels in {NAME}"


def _runs(row: Image.Image, y: int) -> list[int]:
    """Return how long the pieces of a line of pixels are that differ from its background."""
    line = [row.getpixel((x, y)) for x in range(row.width)]
    background = max(set(line), key=line.count)
    pieces, length = [], 0
    for value in [*line, background]:
        if abs(float(value) - float(background)) > 60:  # type: ignore[arg-type]  # one band: numbers
            length += 1
        elif length:
            pieces.append(length)
            length = 0
    return pieces


def text_follows(person: Person, starts: int) -> str:
    """A text that changes while the menu is open changes there, and the menu stays open."""
    del starts
    person.close()
    box = person.open_menu()
    before = person.screen.await_rest().crop(box)
    person.session.sso("login", "corp")
    until(
        lambda: ImageChops.difference(before, person.screen.await_rest().crop(box)).getbbox(),
        "the text to change",
    )
    kept = person.keep("text-changed")
    there = person.seen("the menu")
    person.close()
    if there[3] - there[1] < 0.9 * (box[3] - box[1]):
        raise Broken("the menu did not stay open")
    return kept


def tooltip(person: Person, starts: int) -> str:
    """The tooltip of the icon says what it stands for."""
    del starts
    heading, text = person.tooltip()
    if "SSO" not in heading and NAME not in heading:
        raise Broken(f"it says {heading!r}, {text!r}")
    person.close()
    x, y = person.sees_icon()

    def hover() -> None:
        # A hand never arrives in one jump, from which GTK may hear no motion over the icon.
        for place in (x - 2, x - 1, x):
            person.screen.move(place, y)

    if person.window_of(hover, 5.0) is None:
        raise Broken("none is seen")
    kept = person.keep("tooltip")
    person.close()
    return f"{heading!r}, {kept}"


def panel_restarts(person: Person, starts: int) -> str:
    """The icon and its menu are back after the panel has crashed and started again."""
    del starts
    person.session.kill_panel()
    until(lambda: person.icon() is None, "the icon to go")
    person.session.start_panel()
    began = time.monotonic()
    person.sees_icon()
    took = time.monotonic() - began
    person.close()
    return f"{took:.1f} s, {_submenus(person)} submenus on the screen"


def notice_acts(person: Person, starts: int) -> str:
    """The button of an urgent notice acts, and the notice goes when it has no cause any more."""
    del starts
    box = _urgent(person)
    person.keep("notice")
    x, y = person.button(box)
    person.screen.click(x, y)
    until(lambda: person.session.session()["state"] == "signed-in", "the sign-in by the button")
    person.sees_icon("signed-in")
    person.keep("notice-clicked")
    person.close()
    count = _submenus(person)
    _urgent(person)
    person.session.sso("login", "corp", "--afresh")
    until(person.nothing_open, "the notice to be withdrawn")
    return f"signs in by the button, {count} submenus on the screen; another is withdrawn"


def _signed_in(person: Person) -> None:
    """Sign in, where no promise before has done so."""
    if person.session.session()["state"] != "signed-in":
        person.session.sso("login", "corp")
    person.sees_icon("signed-in")


def _urgent(person: Person) -> Box:
    """End the session at AWS, ask for a renewal, and return where the notice about it is."""
    _signed_in(person)
    person.close()
    person.session.center.end_session()
    boxes = person.go_to("corp", "Renew now")
    row = person.row(boxes[-1])
    person.click_row(row)
    person.rest()
    person.sees_icon("ending")
    return person.seen("the notice")


def notice_stays(person: Person, starts: int) -> str:
    """An urgent notice stays until somebody has seen it."""
    del starts
    box = _urgent(person)
    stayed = person.stays(box, URGENT_SECONDS)
    person.session.sso("login", "corp", "--afresh")
    if not stayed:
        raise Broken(f"it went within {URGENT_SECONDS:.0f} s")
    return f"for {URGENT_SECONDS:.0f} s"


def many_profiles(person: Person, starts: int) -> str:
    """With 200 profiles in 40 accounts the menu is on the screen, and the last one is clicked."""
    del starts
    many = tuple(f"profile-{number:03}" for number in range(MANY))
    person.session.profiles(many, accounts=40)
    until(lambda: len(person.session.session()["profiles"]) >= MANY, "the profiles")
    began = time.monotonic()
    boxes = person.go_to(_profile_row(person), ANY)
    took = time.monotonic() - began
    kept = person.keep("many")
    top, bottom = boxes[-1][1], boxes[-1][3]
    person.close()
    if top < 0 or bottom > SIZE[1]:
        raise Broken(f"it goes from {top} to {bottom}")
    return f"{took:.1f} s, {kept}"


def desktop_search(person: Person, starts: int) -> str:
    """What is typed into the desktop's own search finds a profile, and Enter opens its console."""
    del starts
    session = person.session
    root = session.root
    session.profiles(PROFILES)
    until(lambda: len(session.session()["profiles"]) == len(PROFILES), "the profiles")
    if person.desktop.search == "overview":  # whose files the Debian package brings
        for source, place in _GNOME_FILES.items():
            root.root("install", "-d", place)
            root.write(f"{place}/{source}", (_PACKAGING / source).read_text(), user=False)
        root.root("ln", "-sf", f"{PLACE}/bin/sso-tray", "/usr/bin/sso-tray")
        session.log_out()
        session.log_in()
        person.sees_icon()
        root.user(*_OVERVIEW)
    else:
        root.starts("sh", "-c", "exec krunner >/dev/null 2>&1")
        root.user("gdbus", "wait", "--session", "org.kde.krunner")
        root.user(*_KRUNNER)
    root.write(f"{HOME}/browser.py", f"import sys\nopen({OPENED!r}, 'w').write(sys.argv[1])\n")
    person.screen.await_rest()
    person.opened(lambda: person.screen.key(*"team", "space", *"eu"), "the results")
    time.sleep(_TYPED)
    kept = person.keep("search")
    person.screen.key("Return")
    until(lambda: root.tries("test", "-s", OPENED) == 0, "the console to open")
    link = root.read(OPENED)
    person.close()
    if "/#/console?account_id=" not in link:
        raise Broken(f"{link} was opened")
    return kept


def locked_screen(person: Person, starts: int) -> str:
    """Behind a locked screen a notice waits, and it is there when the screen is unlocked."""
    del starts
    _signed_in(person)
    person.close()
    person.session.lock_screen(locked=True)
    person.session.center.end_session()
    person.session.root.tries("sso-tray", "renew", "corp")
    person.sees_icon("ending")
    waited = all(person.nothing_open() for _ in range(_LOOKS))
    person.session.lock_screen(locked=False)
    person.seen("the notice")
    person.session.sso("login", "corp", "--afresh")
    person.sees_icon("signed-in")
    person.close()
    if not waited:
        raise Broken("a notice is seen while the screen is locked")
    return "the notice comes with the unlock"


def next_login(person: Person, starts: int) -> str:
    """After a logout and a login there is one daemon, one icon, and no session is lost."""
    del starts
    session = person.session
    _signed_in(person)
    before = session.session()["state"]
    session.log_out()
    session.log_in()
    person.sees_icon("signed-in")
    person.close()
    daemons = session.daemons()
    ours = [item for item in person.items() if ITEM_PATH.strip("/") in item]
    after = session.session()["state"]
    if (len(daemons), len(ours)) != (1, 1) or (before, after) != ("signed-in", "signed-in"):
        seen = f"{len(daemons)} daemons, {len(ours)} items"
        raise Broken(f"{seen}; the session was {before} and is {after}")
    return "one daemon, one item, still signed in"


def beside_others(person: Person, starts: int) -> str:
    """Wherever the icons of udiskie and of KeePassXC appear, ours does, in whatever order."""
    del starts
    session, root = person.session, person.session.root
    root.write(f"{HOME}/.config/keepassxc/keepassxc.ini", _KEEPASSXC)
    root.starts(_UDISKS, user=False)
    root.root("gdbus", "wait", "--system", "org.freedesktop.UDisks2")
    person.sees_icon()
    seen = []
    for name, command in _OTHERS.items():
        taken = len(person.items()) + 1
        session.begin(*command)
        until(partial(_has_items, person, taken), f"the icon of {name}")
        person.sees_icon()
        seen.append(name)
    session.sso("quit")
    until(lambda: person.icon() is None, "the icon to go")
    session.start()
    person.sees_icon()
    taken = len(_OTHERS) + 1
    until(partial(_has_items, person, taken), "our icon beside the others")
    person.keep("beside-others")
    session.kill_panel()
    session.start_panel()
    session.await_tray()
    person.sees_icon()
    person.screen.await_rest()
    others = len(person.items()) - 1  # GNOME's extension loses some: theirs to register by name
    kept = person.keep("beside-others-again")
    return f"with {' and '.join(seen)}, of whom {others} are back after the panel's crash; {kept}"


def _has_items(person: Person, count: int) -> bool:
    return len(person.items()) >= count


PROMISES: Final = (
    Promise("icon within 10 s of login", icon_at_login),
    Promise("icon at every start", every_start),
    Promise("icon sharp", sharp_icon),
    Promise("left click opens the menu or the accounts", left_click),
    Promise("right click opens the menu", right_click),
    Promise("submenus on the screen", first_submenus),
    Promise("a click acts, the mark moves", click_acts),
    Promise("names with underscores", names),
    Promise("text changes while open", text_follows),
    Promise("tooltip", tooltip),
    Promise(
        "icon sharp at twice the size",
        twice_as_sharp,
        lambda desktop: "" if desktop.twice else "it can't be asked for here",
    ),
    Promise(
        "icon sharp in the other look",
        other_look,
        lambda desktop: "" if desktop.other else "its panel has one look",
    ),
    Promise("back after the panel restarts", panel_restarts),
    Promise("notice: button, withdrawal", notice_acts),
    Promise("urgent notice stays", notice_stays),
    Promise("a locked screen holds notices back", locked_screen),
    Promise("logout and login", next_login),
    Promise("beside udiskie and KeePassXC", beside_others),
    Promise("200 profiles", many_profiles),
    Promise(
        "desktop search",
        desktop_search,
        lambda desktop: "" if desktop.search else "it has none that asks other programs",
    ),
)
