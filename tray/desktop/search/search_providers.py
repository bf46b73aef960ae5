"""
The desktop's own search on the bus: GNOME Shell's search provider and KRunner's D-Bus runner.

https://developer.gnome.org/documentation/tutorials/search-provider.html (interface file:
org.gnome.ShellSearchProvider2.xml of gnome-shell); org.kde.krunner1.xml of KDE's krunner.
"""

# No "from __future__ import annotations": dbus-fast cannot read a return type of None then.

from collections.abc import Callable
from typing import Annotated, Any, Final

from dbus_fast import Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from tray.core.accounts.search_results import (
    SearchResult,
    can_be_used,
    matches,
    picked,
    with_picks,
)
from tray.core.events import Event
from tray.core.requests import AccountsUsed, TerminalRequested
from tray.core.text import search_text
from tray.desktop.search.known_roles import KnownRoles
from tray.system.dbus.search_files import BUS_NAME, OBJECT_PATH

ICON: Final = "sso-tray"

_POSSIBLE: Final = 30  # Plasma::QueryMatch::PossibleMatch
_USE: Final = "use"

Strings = Annotated[list[str], DBusSignature("as")]
Metas = Annotated[list[dict[str, Variant]], DBusSignature("aa{sv}")]
Matches = Annotated[list[Any], DBusSignature("a(sssida{sv})")]
Actions = Annotated[list[Any], DBusSignature("a(sss)")]


class SearchProviders:
    """A client of the session bus: serves both, under a name of its own."""

    def __init__(self, roles: KnownRoles, act: Callable[[Event], None]) -> None:
        self._interfaces = (GnomeSearch(roles, act), KRunnerSearch(roles, act))

    async def connected(self, bus: MessageBus) -> None:
        for interface in self._interfaces:
            bus.export(OBJECT_PATH, interface)
        await bus.request_name(BUS_NAME)  # queued behind a daemon that is just ending

    def disconnected(self, reason: str) -> None:
        """Nothing is kept of a connection."""


class GnomeSearch(ServiceInterface):
    """Each result has one action, so that there are results of their own to pick a profile."""

    def __init__(self, roles: KnownRoles, act: Callable[[Event], None]) -> None:
        super().__init__("org.gnome.Shell.SearchProvider2")
        self._roles = roles
        self._act = act
        self._shown: dict[str, SearchResult] = {}  # of the search under way

    @dbus_method(name="GetInitialResultSet")
    def initial(self, terms: Strings) -> Strings:
        return self._found(terms)

    @dbus_method(name="GetSubsearchResultSet")
    def narrowed(self, previous: Strings, terms: Strings) -> Strings:  # noqa: ARG002  (its own)
        return self._found(terms)

    def _found(self, terms: list[str]) -> list[str]:
        found = with_picks(matches(self._roles.search(), " ".join(terms)))
        self._shown = {one.id: one for one in found}
        return [*self._shown]

    @dbus_method(name="GetResultMetas")
    def metas(self, identifiers: Strings) -> Metas:
        shown = (self._shown[one] for one in identifiers if one in self._shown)
        return [
            {
                "id": Variant("s", one.id),
                "name": Variant("s", one.title),
                "description": Variant("s", one.text),
                "gicon": Variant("s", ICON),
            }
            for one in shown
        ]

    @dbus_method(name="ActivateResult")
    def activate(self, identifier: DBusStr, terms: Strings, timestamp: DBusUInt32) -> None:  # noqa: ARG002  (its own)
        _act(self._roles, self._act, identifier)

    @dbus_method(name="LaunchSearch")
    def launch(self, terms: Strings, timestamp: DBusUInt32) -> None:  # noqa: ARG002  (its own)
        """Show all of them: where a person can type, as long as there is no page."""
        self._act(TerminalRequested("console --pick"))


class KRunnerSearch(ServiceInterface):
    def __init__(self, roles: KnownRoles, act: Callable[[Event], None]) -> None:
        super().__init__("org.kde.krunner1")
        self._roles = roles
        self._act = act

    @dbus_method(name="Actions")
    def actions(self) -> Actions:
        return [[_USE, search_text.USES, "user-identity"]]

    @dbus_method(name="Match")
    def match(self, query: DBusStr) -> Matches:
        found = matches(self._roles.search(), query)
        return [_match(one, 1 - place / len(found) / 2) for place, one in enumerate(found)]

    @dbus_method(name="Run")
    def run(self, identifier: DBusStr, action: DBusStr) -> None:
        _act(self._roles, self._act, identifier, action)


def _match(result: SearchResult, relevance: float) -> list[Any]:
    """Guarded ones, and those without a profile, have no action beside the console."""
    # It shows little of a long text, and its end; what Enter does the category says.
    title, text = (search_text.without_tags(one) for one in (result.title, result.place))
    more = {
        "subtext": Variant("s", text),
        "actions": Variant("as", [_USE] if can_be_used(result.row) else []),
        "category": Variant("s", search_text.CATEGORY),
    }
    return [result.id, title, ICON, _POSSIBLE, relevance, more]


def _act(
    roles: KnownRoles, act: Callable[[Event], None], identifier: str, action: str = ""
) -> None:
    event = picked(roles.rows(), identifier, action)
    if event is not None:
        act(event)
        act(AccountsUsed())
