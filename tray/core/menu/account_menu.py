"""The rows of roles: the active profile, favourites and recent ones, and all accounts by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tray.core import events as ev
from tray.core.accounts.account_marks import Mark, mark_of
from tray.core.accounts.remembered_roles import RoleKey
from tray.core.accounts.role_search import RoleRow
from tray.core.menu.menu_entry import (
    SEPARATION,
    Block,
    Entry,
    MenuExtras,
    fitting,
    grouped,
    heading,
    more,
)
from tray.core.model import Profile
from tray.core.policy import MENU_ROWS, RECENT_SHOWN
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.requests import (
    AccountsRequested,
    ConsoleLinkRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
    SettingRequested,
    TerminalCommand,
)
from tray.core.text import index_text, menu_text
from tray.core.text.display_names import clean, session_name
from tray.core.views.view import SessionRow, View

ACCOUNTS: Final = "accounts"
"""The key of the row that holds all accounts."""
CONSOLES: Final[TerminalCommand] = "console --pick"
"""The command in which a role without a profile is found, too."""
PICKED_FIRST: Final = 8  # profiles above the accounts, where not all find room


# --- The active profile ---------------------------------------------------------------------


def active_rows(view: View, extras: MenuExtras) -> Iterator[Entry]:
    usable = tuple(one for one in view.profiles if not is_managed(one.name, view.managed))
    if not usable:
        return
    active = view.active_profile
    chosen = next((one for one in usable if one.name == active), None)
    children = [*_choice(usable, active, extras)]
    if chosen is not None:
        children += (SEPARATION, _star((chosen.name,), extras, chosen.name))
    text = menu_text.active(active, view.mark.label)
    yield Entry("profiles", text, children=tuple(children), colour=view.mark.colour)
    if chosen is None:
        return
    if "default" not in extras.follow:
        yield Entry(
            "offer-default", menu_text.OFFER_DEFAULT, SettingRequested("default-follows", on=True)
        )
    yield Entry(
        "console",
        menu_text.OPEN_CONSOLE,
        ConsoleRequested((chosen.name,)),
        enabled=_has_console(chosen),
    )
    yield Entry("environment", menu_text.COPY_ENVIRONMENT, EnvironmentRequested(chosen.name))


def _choice(
    profiles: Sequence[Profile], active: str | None, extras: MenuExtras
) -> Iterator[Entry]:
    """List all profiles where they fit, else favourites and recent ones, then by account (M1)."""
    yield Entry(
        "use-none",
        menu_text.NONE_ACTIVE,
        ev.UseRequested(None),
        checked=active is None,
        radio=True,
    )
    room = MENU_ROWS - 3  # beside None, a line, and the favourite at the end
    few = len(profiles) <= room
    of_roles = () if few and not extras.colors else extras.roles
    names = {one.account_id: one.account_name for one in of_roles if one.account_name}

    def rest(count: int) -> Entry:
        return more(count, extras.find("", "use"))

    def row(one: Profile) -> Entry:
        return _profile(one, active, extras, names.get(one.account_id, ""))

    if few:
        yield from map(row, profiles)
        return
    by_name = {one.name: one for one in profiles}
    keys = (*extras.remembered.favourites, *extras.remembered.recent)
    first = dict.fromkeys((active, *(key[0] for key in keys if len(key) == 1)))
    shown = [by_name[name] for name in first if name in by_name][:PICKED_FIRST]
    yield from map(row, shown)
    if shown:
        yield SEPARATION
        room -= len(shown) + 1
    accounts: dict[str | None, list[Profile]] = {}
    for one in profiles:
        accounts.setdefault(one.account_id, []).append(one)
    blocks = [
        Block(
            f"account:{account or ''}",
            menu_text.account(account, names.get(account, ""), len(members)),
            members,
        )
        for account, members in accounts.items()
    ]
    blocks.sort(key=lambda one: one.text.casefold())
    if len(blocks) > room or any(len(one.items) > MENU_ROWS for one in blocks):
        # Shown in ranges, from one name to another: by name, or nobody knows which one to open.
        named = sorted(profiles, key=lambda one: one.name.casefold())
        blocks = [Block("profiles", "", named)]
    yield from grouped(blocks, room, lambda one, _: row(one), rest)


def _profile(
    profile: Profile, active: str | None, extras: MenuExtras, account_name: str = ""
) -> Entry:
    guarded = is_guarded(profile.name, extras.guarded)
    mark = _mark(extras, profile.name, profile.account_id, account_name)
    wrong = profile.problem is not None
    return Entry(
        f"use:{profile.name}",
        menu_text.profile(profile.name, guarded=guarded, problem=wrong, label=mark.label),
        ev.UseRequested(profile.name),
        checked=profile.name == active,
        radio=True,
        enabled=profile.problem is None,
        colour=mark.colour,
    )


def _mark(extras: MenuExtras, *names: str | None) -> Mark:
    return mark_of(extras.colors, *names)


def _has_console(profile: Profile) -> bool:
    """Whether the portal has a link to it: of a chained role it knows only the first one."""
    return bool(
        profile.kind == "sso" and profile.session and profile.account_id and profile.role_name
    )


# --- Favourites and recent ones -------------------------------------------------------------


def remembered_rows(view: View, extras: MenuExtras, room: int) -> tuple[Entry, ...]:
    """Return favourites and roles used last, each with what can be done, in at most `room`."""
    favourites, active = extras.remembered.favourites, (view.active_profile or "",)
    wanted = {*favourites, *extras.remembered.recent}
    there = {row.key: row for row in extras.roles if row.key in wanted} if wanted else {}
    recent = [
        key
        for key in extras.remembered.recent
        if key in there and key not in favourites and key != active
    ]
    keys = (*(key for key in favourites if key in there), *recent[:RECENT_SHOWN])
    kinds = {one.name: one for one in view.profiles if (one.name,) in there}
    rows = [_remembered(there[key], kinds, view, extras) for key in keys]
    if len(rows) <= room:
        return tuple(rows)
    held = fitting(rows, MENU_ROWS, extras.find("", CONSOLES))
    return (Entry("remembered", menu_text.FAVOURITES, children=held),)


def _remembered(
    row: RoleRow, profiles: dict[str, Profile], view: View, extras: MenuExtras
) -> Entry:
    starred = row.key in extras.remembered.favourites
    mark = _mark(extras, row.profile, row.account_id, row.account_name)
    text = _called(row, mark)
    return Entry(
        f"role:{'/'.join(row.key)}",
        menu_text.favourite(text) if starred else text,
        children=tuple(_actions(row, profiles, view, extras)),
        colour=mark.colour,
    )


def _actions(
    row: RoleRow, profiles: dict[str, Profile], view: View, extras: MenuExtras
) -> Iterator[Entry]:
    console = ConsoleRequested(row.key)
    profile = None if row.profile is None else profiles.get(row.profile)
    if profile is None:
        yield Entry("console", menu_text.OPEN_CONSOLE, console)
        yield Entry("copy-link", menu_text.COPY_CONSOLE_LINK, ConsoleLinkRequested(row.key))
    else:
        in_use = profile.name == view.active_profile
        yield Entry(
            "use",
            menu_text.use(active=in_use, guarded=row.guarded),
            ev.UseRequested(profile.name),
            enabled=not in_use,
        )
        yield Entry("console", menu_text.OPEN_CONSOLE, console, enabled=_has_console(profile))
        yield Entry("copy", menu_text.COPY_ENVIRONMENT, EnvironmentRequested(profile.name))
    yield SEPARATION
    yield _star(row.key, extras)


def _star(key: RoleKey, extras: MenuExtras, name: str = "") -> Entry:
    on = key not in extras.remembered.favourites
    return Entry("star", menu_text.star(name, on=on), FavouriteRequested(key, on=on))


def _called(row: RoleRow, mark: Mark) -> str:
    role = menu_text.role_in(row.account_id or "", row.account_name, row.role_name or "")
    name = row.profile if row.profile is not None else role
    return menu_text.profile(name, guarded=row.guarded, problem=False, label=mark.label)


# --- All accounts ---------------------------------------------------------------------------


def all_accounts(view: View, extras: MenuExtras) -> Iterator[Entry]:
    """Yield one row: below it accounts by session and name, below each what can be done there."""
    accounts: dict[str, dict[str, list[RoleRow]]] = {row.key: {} for row in view.sessions}
    for row in extras.roles:
        if row.session in accounts and row.account_id and row.role_name:
            accounts[row.session].setdefault(row.account_id, []).append(row)
    unlisted = {row.key: tuple(_unlisted(row, extras)) for row in view.sessions}
    there = {key: found for key, found in accounts.items() if found or unlisted[key]}
    if not there:
        return
    profiles = {one.name: one for one in view.profiles}
    several = len(there) > 1
    # Of each session a line, its name, an account, and where to find the others.
    shown = list(there)[: MENU_ROWS // 5]
    left_out = sum(len(there[key]) for key in list(there)[len(shown) :])
    room = MENU_ROWS - bool(left_out) - (2 * len(shown) - 1 if several else 0)
    room -= sum(len(unlisted[key]) for key in shown)
    rows: list[Entry] = []
    for key, share in zip(shown, shares([len(there[key]) for key in shown], room), strict=True):
        if several:
            rows += (SEPARATION,) if rows else ()
            rows.append(heading(f"accounts-of:{key}", clean(session_name(key))))
        found = sorted(there[key].values(), key=_by_name)
        kept = found if len(found) <= share else found[: share - 1]
        rows += (_account(one, profiles, view, extras) for one in kept)
        if len(kept) < len(found):
            words = session_name(key) if several else ""
            rows.append(more(len(found) - len(kept), extras.find(words, CONSOLES), key))
        rows += unlisted[key]
    rows += (more(left_out, extras.find("", CONSOLES)),) if left_out else ()
    yield Entry(ACCOUNTS, menu_text.ALL_ACCOUNTS, children=tuple(rows))


def _unlisted(session: SessionRow, extras: MenuExtras) -> Iterator[Entry]:
    """Yield the listing under way, or offer the first one: without it only profiles are known."""
    key, listing = session.key, extras.index.listing
    if listing is not None and listing.key == key:
        yield heading(f"list:{key}", index_text.progress(listing.done, listing.total))
    elif key not in extras.index.sessions and session.state == "signed-in":
        text = menu_text.list_accounts(failed=key in extras.index.problems)
        yield Entry(f"list:{key}", text, AccountsRequested(key))


def _by_name(rows: list[RoleRow]) -> tuple[bool, str, str]:
    name = rows[0].account_name
    return (not name, name.casefold(), rows[0].account_id or "")


def _account(
    rows: Sequence[RoleRow], profiles: dict[str, Profile], view: View, extras: MenuExtras
) -> Entry:
    first = rows[0]
    mark = _mark(extras, first.account_id, first.account_name)
    return Entry(
        f"account:{first.session}:{first.account_id}",
        menu_text.named_account(first.account_id or "", first.account_name, mark.label),
        children=tuple(_roles(rows, profiles, view, extras)),
        colour=mark.colour,
    )


def _roles(
    rows: Sequence[RoleRow], profiles: dict[str, Profile], view: View, extras: MenuExtras
) -> Iterator[Entry]:
    """Yield the consoles of an account's roles, then its profiles."""
    consoles: dict[str, Entry] = {}
    for row in sorted(rows, key=lambda one: (one.role_name or "").casefold()):
        name = row.role_name or ""
        profile = profiles.get(row.profile or "")
        # The profile's own browser, unless it only begins with this role.
        own = profile is not None and profile.kind == "sso"
        key = row.key if own else (row.session or "", row.account_id or "", name)
        text = menu_text.profile(name, guarded=row.guarded, problem=False)
        consoles.setdefault(name, Entry(f"console:{name}", text, ConsoleRequested(key)))
    uses = [
        _profile(profiles[row.profile], view.active_profile, extras, row.account_name)
        for row in rows
        if row.profile in profiles and row.profile is not None
    ]
    room = MENU_ROWS - (3 if uses else 1)
    most = shares((len(consoles), len(uses)), room)
    yield heading("consoles", menu_text.CONSOLE_OF)
    account = rows[0].account_id or ""
    yield from fitting([*consoles.values()], most[0], extras.find(account, CONSOLES))
    if uses:
        yield SEPARATION
        yield heading("uses", menu_text.USE_PROFILE)
        yield from fitting(uses, most[1], extras.find(account, "use"), "uses")


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """Divide rows among lists: what a short one leaves is for the longer ones."""
    given = [0] * len(wanted)
    for done, place in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        given[place] = min(wanted[place], room // (len(wanted) - done))
        room -= given[place]
    return given
