"""Every setting, and one table of a settings file, where a mistake becomes a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from tray.core.accounts.account_marks import parsed
from tray.core.policy import DAY, HOUR, MINUTE
from tray.core.start_rules import StartDaemon
from tray.values import dataclass

if TYPE_CHECKING:
    from tray.storage.settings import Settings

T = TypeVar("T")

LONGEST_SESSION = 366 * DAY  # seconds; AWS allows 90 days
LONGEST_KEPT = 3653 * DAY
LONGEST_WARNING = 7 * DAY


class Table:
    """
    One table of a settings file; a mistake becomes a sentence that names file and key.

    ``taken`` gathers the full names of the keys whose values were understood.
    """

    def __init__(
        self, path: Path, values: object, problems: list[str], taken: set[str], name: str = ""
    ) -> None:
        self._path, self._name, self._problems, self._taken = path, name, problems, taken
        self._values: dict[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self._wrong("must be a table")

    def _full_name(self, key: str) -> str:
        return ".".join(part for part in (self._name, key) if part)

    def _place(self, key: str) -> str:
        return "".join(sign if sign.isprintable() else "?" for sign in self._full_name(key))

    def _wrong(self, what: str, key: str = "") -> None:
        self._problems.append(f"{self._path}: {self._place(key)} {what}.")

    def check_names(self, known: tuple[str, ...], everywhere: Collection[str]) -> set[str]:
        """
        Name each unknown key, with the setting that was meant; return the full names of these.

        `everywhere`: the full names of settings. One in the wrong table is found as well: in TOML
        a key that is added at the end of a file belongs to the last table.
        """
        meant: set[str] = set()
        for place, name, near in self._unknown(known, everywhere):
            hint = ""
            if name is not None:
                meant.add(name)
                where = "" if near or "." in name else ", above the first table"
                hint = f' Did you mean "{name}"{where}?'
            self._problems.append(f'{self._path}: unknown setting "{place}".{hint}')
        return meant

    def _unknown(
        self, known: tuple[str, ...], everywhere: Collection[str]
    ) -> Iterator[tuple[str, str | None, bool]]:
        """Give the place of each, what was meant, and whether that is in this same table."""
        elsewhere = {name.rpartition(".")[2]: name for name in everywhere}
        for key, value in self._values.items():
            if key in known:
                continue
            inside = value if isinstance(value, dict) else {}
            lost = [inner for inner in inside if inner in elsewhere]
            for inner in lost:
                yield self._place(f"{key}.{inner}"), elsewhere[inner], False
            if key in elsewhere:
                yield self._place(key), elsewhere[key], False
            elif not lost:
                # Rarely needed, and the daemon is long-lived.
                from difflib import get_close_matches

                near = get_close_matches(key, known, n=1, cutoff=0.5)
                yield self._place(key), self._place(near[0]) if near else None, True

    def table(self, key: str) -> Table:
        values = self._values.get(key, {})
        return Table(self._path, values, self._problems, self._taken, self._full_name(key))

    def tables(self) -> dict[str, Table]:
        return {key: self.table(key) for key in self._values}

    def take(self, key: str, default: T, check: Callable[[object], T | None], what: str) -> T:
        """Return a value; if it is not ``what`` it must be, the default."""
        if key not in self._values:
            return default
        value = check(self._values[key])
        if value is None:
            self._wrong(f"must be {what}", key)
            return default
        self._taken.add(self._full_name(key))
        return value

    def flag(self, key: str, default: bool) -> bool:
        return self.take(key, default, _flag_of, "true or false")


def _flag_of(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def restores(value: object) -> bool | None:
    return {"restore": True, "sign-out": False}.get(value) if isinstance(value, str) else None


def start_daemon_of(value: object) -> StartDaemon | None:
    choices: tuple[StartDaemon, ...] = ("auto", "never", "always")
    return next((one for one in choices if one == value), None)


def word_of(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.isprintable() else None


def number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        return None
    return float(value) if math.isfinite(value) else None


def hours_of(value: object) -> float | None:
    number = number_of(value)
    return number if number is not None and number * HOUR <= LONGEST_SESSION else None


def days_of(value: object) -> float | None:
    """In seconds."""
    number = number_of(value)
    return number * DAY if number is not None and number * DAY <= LONGEST_KEPT else None


def words_of(value: object) -> tuple[str, ...] | None:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if good and isinstance(value, list) else None


def marks_of(value: object) -> tuple[str, ...] | None:
    words = words_of(value)
    return words if words is not None and all(map(parsed, words)) else None


def minutes_of(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list):
        return None
    numbers = [number_of(item) for item in value]
    good = {number * MINUTE for number in numbers if number is not None}
    if not good or None in numbers or max(good) > LONGEST_WARNING:
        return None
    return tuple(sorted(good, reverse=True))


def path_of(value: object) -> str | None:
    path = Path(word_of(value) or "").expanduser()
    return str(path) if path.is_absolute() else None


def matching(pattern: re.Pattern[str]) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        word = word_of(value)
        return word if word is not None and pattern.fullmatch(word) else None

    return check


def plain_number(value: float) -> float:
    """Return 90.0 as the 90 that a person writes."""
    rounded = round(value, 6)
    return int(rounded) if rounded.is_integer() else rounded


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


Kind = Literal["flag", "number", "numbers", "words", "choice", "text", "command", "place"]
"""``command``: a program that is run; ``place``: where tokens are sent, or who is trusted."""

BROWSER: Final = "a command such as 'firefox -P work %s'"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that is of no session and of no profile."""

    name: str  # with its table: ``warnings.show``
    kind: Kind
    check: Callable[[object], Any]  # returns what a file's value means; None: it can't be that
    what: str  # it must be
    value: Callable[[Settings], object]  # as a file would have it


def _flag(name: str, value: Callable[[Settings], bool]) -> Setting:
    return Setting(name, "flag", _flag_of, "true or false", value)


SETTINGS: Final = (
    Setting(
        "allowed_start_urls", "words", words_of, "a list of start URLs",
        lambda read: _list(read.preferences.allowed_start_urls),
    ),
    Setting("browser", "command", word_of, BROWSER, lambda read: read.browsers.get("*")),
    Setting(
        "colors", "words", marks_of, 'a list such as ["*prod*=red"]',
        lambda read: _list(read.preferences.colors),
    ),
    Setting(
        "guarded", "words", words_of, "a list of name patterns",
        lambda read: _list(read.preferences.guarded),
    ),
    Setting(
        "removed_file", "choice", restores, '"restore" or "sign-out"',
        lambda read: "restore" if read.restore_removed else "sign-out",
    ),
    Setting(
        "start_daemon", "choice", start_daemon_of, '"auto", "never" or "always"',
        lambda read: read.start_daemon,
    ),
    _flag("accounts.refresh", lambda read: read.preferences.list_accounts),
    _flag("accounts.tell_changes", lambda read: read.preferences.tell_accounts),
    _flag("compat.empty_refresh_members", lambda read: read.empty_refresh_members),
    _flag("keyring.adopt", lambda read: read.preferences.adopt),
    _flag("keyring.required", lambda read: read.preferences.keyring_required),
    Setting("keyring.service", "text", word_of, "a name", lambda read: read.keyring_service),
    _flag("log.debug", lambda read: read.log_debug),
    Setting(
        "privacy.keep_days", "number", days_of, "a number of days, up to ten years",
        lambda read: plain_number(read.keep / DAY),
    ),
    _flag("privacy.names_in_notices", lambda read: read.preferences.names_in_notices),
    Setting(
        "warnings.minutes_before", "numbers", minutes_of, "a list of minutes, up to a week",
        lambda read: [plain_number(one / MINUTE) for one in read.preferences.warn_before],
    ),
    _flag("warnings.show", lambda read: read.notices),
)  # fmt: skip
"""In the order in which they are shown; their help is in `tray.core.text.settings_text`."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "removed_file": ("sign-out", "restore"),
    "start_daemon": ("auto", "never", "always"),
}
KINDS: Final[Mapping[str, Kind]] = {one.name: one.kind for one in SETTINGS}
KINDS_OF_SESSION: Final[Mapping[str, Kind]] = {
    "length_hours": "number",
    "browser": "command",
    "device_code": "flag",
    "ca_bundle": "place",
    "proxy": "place",
    "endpoint_url": "place",
}
KINDS_OF_PROFILE: Final[Mapping[str, Kind]] = {"browser": "command"}
