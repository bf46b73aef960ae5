"""The menu as data: which rows there are, what each click says, how many a level has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.desktop.looks import NOW, row, view_of
from tray.core import events as ev
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.accounts.role_search import RoleRow
from tray.core.effects import CLICK
from tray.core.events import Event
from tray.core.menu.menu_entry import Entry, MenuExtras
from tray.core.menu.menu_layout import entries
from tray.core.model import Profile, State
from tray.core.policy import MENU_ROWS
from tray.core.requests import (
    AccountsRequested,
    ConsoleRequested,
    EnvironmentRequested,
    FavouriteRequested,
    LinkRequested,
    PageRequested,
    SettingRequested,
    SignInAllRequested,
    TerminalRequested,
    UnlockRequested,
)
from tray.core.views.view import View
from tray.daemon.desktop_wiring import pressed
from tray.desktop.menu.menu_rows import render

CORP = row("corp", "signed-in")
DEV = Profile("dev", "sso", "corp", account_id="111111111111", role_name="Admin")


def labels(rows: tuple[Entry, ...]) -> list[object]:
    """Return what the rows say as nested lists; a separator is ``---``."""
    said: list[object] = []
    for one in rows:
        said.append("---" if one.key == "separator" else one.text)
        if one.children:
            said.append(labels(one.children))
    return said


def roles_of(*profiles: Profile) -> tuple[RoleRow, ...]:
    """Return the profiles as rows of the index, whose accounts have no names."""
    return tuple(
        RoleRow(one.session, one.account_id, "", one.role_name, one.name) for one in profiles
    )


def every(rows: tuple[Entry, ...]) -> Iterator[Entry]:
    """Yield all rows of all levels."""
    for one in rows:
        yield one
        yield from every(one.children)


def depth(rows: tuple[Entry, ...]) -> int:
    """Return how many levels there are below these rows."""
    return max((1 + depth(one.children) for one in rows if one.children), default=0)


def levels(rows: tuple[Entry, ...]) -> Iterator[tuple[Entry, ...]]:
    """Yield every level."""
    yield rows
    for one in rows:
        if one.children:
            yield from levels(one.children)


def actions(state: State, **members: object) -> dict[str, Event | None]:
    """Return what can be clicked below a session in a state."""
    menu = entries(view_of(row("corp", state, **members)), MenuExtras(), NOW)
    session = next(one for one in menu if one.key == "session:corp")
    return {one.text: one.event for one in session.children if one.enabled}


def with_profiles(*profiles: Profile, active: str | None = None) -> View:
    """Return a view of a healthy session and these profiles."""
    return replace(view_of(CORP), profiles=profiles, active_profile=active)


def test_the_whole_menu_stands_from_top_to_bottom() -> None:
    """M1: sessions, the active profile and its choice, console, environment, the rest, Quit."""
    extras = MenuExtras(
        recent=("17:42 corp: signed in",),
        starts_at_login=True,
        warns=False,
        page=True,
        version="1.2.3",
    )

    menu = entries(with_profiles(DEV, active="dev"), extras, NOW)

    assert [
        "corp: signed in, renews itself",
        [
            "Sign out and sign in again",
            "Renew now",
            "Add profile: list accounts and roles",
            "Sign out",
        ],
        "---",
        "Profile: dev",
        ["None", "dev", "---", "Add dev to favourites"],
        "Use this profile as the AWS default",
        "Open AWS console",
        "Copy AWS_PROFILE command",
        "---",
        "All accounts",
        ["List all accounts"],
        "---",
        "Accounts…",
        "Recent activity",
        ["17:42 corp: signed in"],
        "Settings",
        [
            "Start at login",
            "Warn before a session ends",
            "Use the active profile as the AWS default",
            'Provide an "sso-tray" profile for IDEs',
            "Keep refresh tokens in the keyring",
            "---",
            "All settings…",
        ],
        "Help",
        [
            "Run doctor",
            "All commands: sso-tray --help",
            "The guide: sso-tray guide",
            "---",
            "SSO Tray 1.2.3",
        ],
        "---",
        "Quit",
        "Return sessions to the AWS CLI and quit",
    ] == labels(menu)


def test_what_applies_already_is_not_offered_again() -> None:
    """A3: one click at the first pick; afterwards the tick in the settings takes it back."""
    menu = list(
        every(entries(with_profiles(DEV, active="dev"), MenuExtras(follow=("default",)), NOW))
    )

    rows = [one for one in menu if one.event == SettingRequested("default-follows", on=False)]
    assert [("setting:default-follows", True)] == [(one.key, one.checked) for one in rows]
    assert "offer-default" not in [one.key for one in menu]


def test_a_session_signed_out_here_can_be_had_back_or_ended() -> None:
    """K5, M1: signing in, Undo, and signing out at AWS."""
    removed = replace(CORP, state="signed-out", reason="removed", renews=False, can_undo=True)

    menu = every(entries(view_of(removed), MenuExtras(), NOW))

    found = {one.text: one.event for one in menu if one.key.endswith(":corp")}
    assert {
        "corp: signed out on this machine": None,
        "Sign in": ev.SignInRequested("corp"),
        "Undo sign-out": ev.UndoRequested("corp"),
        "Sign out at AWS": ev.SignOutRequested("corp"),
    } == found


@pytest.mark.parametrize("restores", [True, False])
def test_putting_files_back_can_be_turned_off_again(restores: bool) -> None:
    """K5: it is turned on in a notice, and is no row before that."""
    menu = every(entries(with_profiles(DEV), MenuExtras(restores=restores), NOW))

    events = [one.event for one in menu if one.key == "setting:restore-removed"]
    assert [SettingRequested("restore-removed", on=False)] * restores == events


def test_every_row_tells_the_rules_what_it_says() -> None:
    """M3: a row carries what it acts on."""
    extras = MenuExtras(starts_at_login=True, warns=False, adopts=True)

    menu = entries(with_profiles(DEV, active="dev"), extras, NOW)

    assert {
        "afresh:corp": ev.SignInRequested("corp", afresh=True),
        "renew:corp": ev.RenewRequested("corp", CLICK),
        "roles:corp": AccountsRequested("corp"),
        "sign-out:corp": ev.SignOutRequested("corp"),
        "use-none": ev.UseRequested(None),
        "use:dev": ev.UseRequested("dev"),
        "star": FavouriteRequested(("dev",), on=True),
        "console": ConsoleRequested(("dev",)),
        "environment": EnvironmentRequested("dev"),
        "setting:start-at-login": SettingRequested("start-at-login", on=False),
        "setting:warnings": SettingRequested("warnings", on=True),
        "offer-default": SettingRequested("default-follows", on=True),
        "list:corp": AccountsRequested("corp"),
        "setting:default-follows": SettingRequested("default-follows", on=True),
        "setting:process-follows": SettingRequested("process-follows", on=True),
        "setting:adopt": SettingRequested("adopt", on=False),
        "doctor": TerminalRequested("doctor"),
        "quit": ev.QuitRequested(),
        "quit-hand-back": ev.QuitRequested(hand_back=True),
    } == {one.key: one.event for one in every(menu) if one.event is not None}


PLAIN = ev.SignInRequested("corp")
AFRESH = ev.SignInRequested("corp", afresh=True)
OUT = ev.SignOutRequested("corp")
RENEW = ev.RenewRequested("corp", CLICK)
ENDS = "Sign out and sign in again"
ADD = {"Add profile: list accounts and roles": AccountsRequested("corp")}


@pytest.mark.parametrize(
    ("state", "members", "offered"),
    [
        ("signed-out", {"renews": False}, {"Sign in": PLAIN}),
        ("expired", {"renews": False}, {"Sign in": PLAIN, "Sign out": OUT}),
        ("unreadable", {"renews": False}, {"Sign in": PLAIN, ENDS: AFRESH, "Sign out": OUT}),
        ("signed-in", {}, {ENDS: AFRESH, "Renew now": RENEW, "Sign out": OUT, **ADD}),
        ("signed-in", {"renews": False}, {ENDS: AFRESH, "Sign out": OUT, **ADD}),
        (
            "ending",
            {"renews": False},
            {"Sign in": PLAIN, ENDS: AFRESH, "Sign out": OUT, **ADD},
        ),
        (
            "ending",
            {"afresh": True},
            {ENDS: AFRESH, "Renew now": RENEW, "Sign out": OUT, **ADD},
        ),
        (
            "renewal-failing",
            {},
            {"Sign in": PLAIN, ENDS: AFRESH, "Renew now": RENEW, "Sign out": OUT, **ADD},
        ),
    ],
)
def test_a_session_offers_what_helps_in_its_state(
    state: State, members: dict[str, object], offered: dict[str, Event]
) -> None:
    """L10, M1: sign in or afresh, renew, sign out; never what would do nothing."""
    assert offered == actions(state, **members)


def test_while_signing_in_there_is_the_link_the_code_and_the_way_out() -> None:
    """L4, L8: cancel always, the link once there is one, the code to be compared."""
    before = actions("signing-in")
    after = actions("signing-in", sign_in_url="https://x", user_code="ABCD-EFGH")
    menu = entries(view_of(row("corp", "signing-in", user_code="ABCD-EFGH")), MenuExtras(), NOW)

    assert {"Cancel sign-in": ev.SignInCancelled("corp")} == before
    assert {
        "Copy sign-in link": LinkRequested("corp"),
        "Cancel sign-in": ev.SignInCancelled("corp"),
    } == after
    assert "Code: ABCD-EFGH" in [one.text for one in every(menu)]


def test_without_any_config_the_first_row_sets_up() -> None:
    """M1: one click opens the page's set-up; where it can't be, `sso-tray add` asks."""
    nothing = View((), (), None, "signed-out", 0, False, ())
    menu = entries(nothing, MenuExtras(page=True), NOW)
    without = entries(nothing, MenuExtras(), NOW)

    assert ["Set up AWS access", "---"] == labels(menu)[:2]
    assert PageRequested("setup") == menu[0].event
    assert TerminalRequested("add") == without[0].event


def test_a_broken_config_is_named_and_no_set_up_is_offered() -> None:
    """S4: the sentence stands in a row that cannot be clicked."""
    menu = entries(
        View((), (), None, "signed-out", 0, False, ("~/.aws/config: x",)), MenuExtras(), NOW
    )

    assert ("~/.aws/config: x", False) == (menu[0].text, menu[0].enabled)
    assert "Set up AWS access" not in labels(menu)


def test_a_session_that_cannot_be_used_says_why_and_offers_nothing() -> None:
    """S4: an incomplete section is told, not clicked."""
    broken = row("corp", "signed-out", problem='[sso-session corp] has no "sso_region".')

    menu = entries(view_of(broken), MenuExtras(), NOW)

    assert ['[sso-session corp] has no "sso_region".'] == [one.text for one in menu[0].children]
    assert [False] == [one.enabled for one in menu[0].children]


def test_several_sessions_that_need_a_person_are_signed_in_to_with_one_click() -> None:
    """M1: "Sign in to all (n)" from two on."""
    one = entries(view_of(row("a", "expired"), CORP), MenuExtras(), NOW)
    two = entries(view_of(row("a", "expired"), row("b", "signed-out"), CORP), MenuExtras(), NOW)

    assert "Sign in to all (1)" not in labels(one)
    assert [SignInAllRequested()] == [
        each.event for each in two if each.text == "Sign in to all (2)"
    ]


def test_a_locked_or_missing_keyring_has_a_row() -> None:
    """M1: unlock by a click when locked; where there is none, what follows and what to do."""
    locked = entries(view_of(CORP, keyring_locked=True), MenuExtras(), NOW)
    absent = entries(view_of(row("corp", "signed-in", reason="keyring-absent")), MenuExtras(), NOW)

    assert [UnlockRequested()] == [one.event for one in locked if one.text == "Unlock keyring"]
    (missing,) = [one for one in absent if one.key == "no-keyring"]
    assert "No keyring: refresh tokens stay in the token files" == missing.text
    assert ["Start GNOME Keyring, KWallet or KeePassXC, then sign in again"] == (
        labels(missing.children)
    )


def test_where_the_keyring_is_required_no_file_is_said_to_have_a_token() -> None:
    """K9: without a keyring nothing is kept, and what would be returned is signed out."""
    view = view_of(row("corp", "signed-in", reason="keyring-absent"))

    menu = entries(view, MenuExtras(keyring_required=True), NOW)

    (missing,) = [one for one in menu if one.key == "no-keyring"]
    assert "No keyring, and refresh tokens are allowed nowhere else" == missing.text
    assert "Sign out of the sessions in the keyring and quit" == menu[-1].text


def test_the_settings_name_each_administrators_file_once() -> None:
    """Greyed, below the settings, also where the locked ones are not in the menu."""
    site, more = "/etc/xdg/sso-tray/config.toml", "/opt/xdg/sso-tray/config.toml"
    locked = {"warnings.show": site, "guarded": site, "keyring.service": more}

    menu = entries(view_of(CORP), MenuExtras(locked=locked), NOW)
    free = entries(view_of(CORP), MenuExtras(), NOW)

    (settings,) = [one for one in menu if one.key == "settings"]
    named = [one for one in settings.children if one.key.startswith("locked-by:")]
    assert [f"Settings locked by {site}", f"Settings locked by {more}"] == labels(tuple(named))
    assert [False, False] == [one.enabled for one in named]
    (warnings,) = [one for one in settings.children if one.key == "setting:warnings"]
    assert not warnings.enabled
    assert [] == [one.key for one in every(free) if one.key.startswith("locked-by:")]


def test_profiles_that_deserve_a_second_thought_say_so() -> None:
    """A7: guarded and incomplete ones are marked, these cannot be picked; ours is absent."""
    profiles = (
        Profile("eu-prod", "sso", "corp"),
        Profile("half", "sso", "corp", problem="It has no role."),
        Profile("sso-tray"),
    )

    menu = entries(with_profiles(*profiles), MenuExtras(guarded=("*prod*",)), NOW)

    choice = {one.text: one.enabled for one in every(menu) if one.key.startswith("use:")}
    assert {"eu-prod  (guarded)": True, "half  (incomplete)": False} == choice


def test_exactly_one_choice_is_marked() -> None:
    """M1: radio items; None is one of them."""
    menu = entries(with_profiles(DEV, Profile("lab"), active="lab"), MenuExtras(), NOW)
    nothing = entries(with_profiles(DEV), MenuExtras(), NOW)

    assert ["lab"] == [one.text for one in every(menu) if one.radio and one.checked]
    assert ["None"] == [one.text for one in every(nothing) if one.radio and one.checked]


def test_a_console_needs_account_and_role() -> None:
    """A profile of another kind has no console of ours to open."""
    menu = entries(with_profiles(Profile("keys"), active="keys"), MenuExtras(), NOW)

    assert [False] == [one.enabled for one in menu if one.key == "console"]


def many(count: int, accounts: int) -> tuple[Profile, ...]:
    """Return profiles spread over accounts."""
    return tuple(
        Profile(f"p{number}", "sso", "corp", account_id=f"{number % accounts:012d}", role_name="r")
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("count", "accounts"),
    [(1, 1), (22, 3), (23, 3), (30, 30), (1000, 40), (1000, 1), (10_000, 10_000)],
)
def test_no_level_has_more_rows_than_fit(count: int, accounts: int) -> None:
    """M1, M2: 25 rows a level, two levels below the top; what finds no room is found by typing."""
    profiles = many(count, accounts)
    used = RememberedRoles(recent=tuple((f"p{number}",) for number in range(20)))
    extras = MenuExtras(remembered=used, roles=roles_of(*profiles))

    menu = entries(with_profiles(*profiles, active=f"p{count - 1}"), extras, NOW)

    assert max(map(len, levels(menu))) <= MENU_ROWS
    assert depth(menu) <= 2
    choice = next(one for one in menu if one.key == "profiles").children
    assert f"p{count - 1}" in [one.text for one in choice]
    picks = {one.event for one in every(choice) if isinstance(one.event, ev.UseRequested)}
    left = count + 1 - len(picks)
    found = [one for one in choice if one.event == TerminalRequested("use")]
    assert bool(left) == bool(found)


@pytest.mark.parametrize("count", [8, 9, 40, 1000])
def test_no_number_of_sessions_overflows_the_first_level(count: int) -> None:
    """M1: what finds no room is one level below, and what needs a person is never hidden there."""
    rows = [row(f"s{number}", "signed-in") for number in range(count)]
    rows[-1] = row("urgent", "expired", renews=False)
    problems = tuple(f"problem {number}" for number in range(9))
    view = view_of(*rows, keyring_locked=True, problems=problems, active="s0-dev")

    menu = entries(view, MenuExtras(), NOW)

    assert max(map(len, levels(menu))) <= MENU_ROWS
    assert depth(menu) <= 2
    assert "session:urgent" in [one.key for one in menu]
    if count < 30:
        assert count == sum(one.key.startswith("session:") for one in every(menu))


def test_all_profiles_of_up_to_twenty_accounts_can_be_picked() -> None:
    """Each of 500 profiles in 20 accounts is somewhere in the menu, three clicks away."""
    menu = entries(with_profiles(*many(500, 20)), MenuExtras(), NOW)

    found = {one.event for one in every(menu) if one.key.startswith("use:")}
    assert {ev.UseRequested(f"p{number}") for number in range(500)} == found


def test_ranges_of_profiles_go_by_name() -> None:
    """M1: whoever looks for a name knows which range it is in; by account all would overlap."""
    profiles = tuple(replace(one, name=f"p{one.name[1:]:0>3}") for one in many(200, 40))

    menu = entries(with_profiles(*profiles), MenuExtras(), NOW)

    ranges = [one for one in every(menu) if one.key.startswith("from:use:")]
    assert "p000 … p024" == ranges[0].text
    shown = [row.text for one in ranges for row in one.children]
    assert sorted(one.name for one in profiles) == shown


def test_keys_are_unique_on_a_level_and_stay_when_words_change() -> None:
    """M3: a row is what it acts on, whatever it says and wherever it stands."""
    early = entries(
        view_of(CORP, row("lab", "ending", session_ends_at=NOW + 60)), MenuExtras(), NOW
    )
    late = entries(
        view_of(row("lab", "ending", session_ends_at=NOW + 60), CORP), MenuExtras(), NOW + 9
    )

    for level in (
        *levels(early),
        *levels(entries(with_profiles(*many(1000, 40)), MenuExtras(), NOW)),
    ):
        keys = [one.key for one in level if one.key != "separator"]
        assert len(keys) == len(set(keys))
    assert {one.key for one in every(early)} == {one.key for one in every(late)}
    assert labels(early) != labels(late)


def test_names_from_a_config_are_cleaned_before_they_are_shown() -> None:
    """G2: what a menu would obey is replaced, and stays visible."""
    nasty = Profile("dev\u202e\x1b[31m", "sso", "corp", account_id="1\n2", role_name="r")
    rest = many(40, 40)

    menu = entries(with_profiles(nasty, *rest, active=nasty.name), MenuExtras(), NOW)

    assert all(one.text.isprintable() for one in every(menu))


def test_clicks_reach_the_rules_through_the_rendered_menu() -> None:
    """What pystray's rows call is the entry's event, and nothing else."""
    told: list[Event] = []
    menu = render(entries(with_profiles(DEV, active="dev"), MenuExtras(), NOW), told.append)
    by_text = {item.text: item for item in menu.items}

    by_text["Quit"](None)
    next(iter(by_text["Profile: dev"].submenu.items))(None)

    assert [ev.QuitRequested(), ev.UseRequested(None)] == told
    assert not by_text["Recent activity"].submenu.items[0].enabled


@pytest.mark.parametrize(
    ("action", "keys", "events"),
    [
        ("sign-in", ("a",), (ev.SignInRequested("a"),)),
        ("sign-in", ("a", "b"), (SignInAllRequested(("a", "b")),)),
        ("sign-in-afresh", ("a",), (ev.SignInRequested("a", afresh=True),)),
        ("snooze", ("a", "b"), (ev.SnoozeRequested("a"), ev.SnoozeRequested("b"))),
        ("undo-adoption", ("a",), (ev.ReleaseRequested("a"),)),
        ("undo-removal", ("a", "b"), (ev.UndoRequested("a"), ev.UndoRequested("b"))),
        ("sign-out", ("a", "b"), (ev.SignOutRequested("a"), ev.SignOutRequested("b"))),
        (
            "restore-removed",
            ("a",),
            (SettingRequested("restore-removed", on=True), ev.UndoRequested("a")),
        ),
        ("unlock-keyring", (), (UnlockRequested(),)),
        ("start-at-login", (), (SettingRequested("start-at-login", on=True),)),
        ("default-follows", (), (SettingRequested("default-follows", on=True),)),
    ],
)
def test_a_notices_button_tells_the_rules_what_it_says(
    action: object, keys: tuple[str, ...], events: tuple[Event, ...]
) -> None:
    """W3: sign in (one after the other where there are several), snooze, undo, unlock."""
    assert events == pressed(action, keys)  # type: ignore[arg-type]  # parametrized
