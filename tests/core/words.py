"""Every word of the world, drawn at random: what the property tests tell the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from hypothesis import strategies as st

from tests.core.story import CORP, DAY, HOUR, LAB, OLD, T0, catalog
from tray.core import events as ev
from tray.core.effects import JobKind
from tray.core.model import (
    Catalog,
    InputFile,
    Memory,
    Preferences,
    SsoSession,
    TokenFacts,
    TokenStore,
)
from tray.core.outcomes import (
    Adopted,
    Failed,
    Outcome,
    Refused,
    Released,
    RemovalJudged,
    RemovalVerdict,
    Renewed,
    SignedOut,
    Unrenewable,
)
from tray.core.requests import (
    AddProfileRequested,
    ConsoleLinkRequested,
    ConsoleRequested,
    FavouriteRequested,
    LinkRequested,
    PageRequested,
    SettingRequested,
    SignInAllRequested,
    StatusRequested,
    TerminalRequested,
    UnlockRequested,
)
from tray.core.state import TrayState
from tray.core.text import sentences

KEYS = (CORP.key, LAB.key, OLD.key)
MOODS = (
    "asleep", "woke", "network-up", "network-down", "locked", "unlocked", "clock-set",
    "keyring-unlocked",
)  # fmt: skip
REASONS: tuple[str, ...] = tuple(sentences.REASONS)
MOVED = SsoSession(
    key="corp", start_url="https://moved.awsapps.com/start", region="eu-west-1", profiles=("dev",)
)
CATALOGS: tuple[Catalog, ...] = (
    catalog(CORP, LAB, OLD),
    catalog(CORP),
    catalog(MOVED, LAB),
    Catalog(),
)

ROLES = (("dev",), ("gone",), ("corp", "1" * 12, "r"), ("gone", "1" * 12, "r"))
"""Roles by their keys: of a profile, and without one."""

keys = st.sampled_from(KEYS)
stores: st.SearchStrategy[TokenStore | None] = st.sampled_from(
    (None, "keyring", "file", "released")
)
requests = st.one_of(st.none(), st.sampled_from(("r1", "r2")))
reasons = st.sampled_from(REASONS)
fingerprints = st.sampled_from([f"{number:x}" for number in range(8)])
moments = st.floats(-DAY, 3 * DAY, allow_nan=False)
lives = st.sampled_from((0.0, 8.0, 60.0, 600.0, HOUR, 8 * HOUR))


@st.composite
def tokens(draw: st.DrawFn) -> TokenFacts:
    """Draw a token issued up to a life ago, as seen from T0; the story moves it to its now."""
    life = draw(lives)
    issued = T0 - draw(st.sampled_from((0.0, 0.4, 0.6, 1.2))) * life
    return TokenFacts(draw(fingerprints), issued + life, issued, refreshable=draw(st.booleans()))


RENEWED = st.builds(
    Renewed, tokens(), st.sampled_from(("keyring", "file")), st.booleans(), st.booleans()
)
REFUSED = st.builds(
    Refused,
    st.sampled_from(("valid", "dead", "unreachable")),
    st.sampled_from(("refused", "refused", "registration-expired")),
)
ADOPTED = st.builds(
    Adopted,
    tokens(),
    st.sampled_from(("keyring", "keyring", "file")),
    st.one_of(st.none(), reasons),
    st.booleans(),
)
JUDGED = st.builds(
    RemovalJudged,
    st.sampled_from(get_args(RemovalVerdict)),
    st.one_of(st.none(), tokens()),
)
FAILED = st.builds(
    Failed,
    reasons,
    st.just("It failed."),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 10_000)),
)
FITTING: dict[JobKind, st.SearchStrategy[Outcome]] = {
    "renew": st.one_of(RENEWED, REFUSED, JUDGED, st.just(Unrenewable()), FAILED),
    "adopt": st.one_of(ADOPTED, JUDGED, FAILED),
    "judge-removed": st.one_of(JUDGED, RENEWED, FAILED),
    "undo-removal": st.one_of(JUDGED, RENEWED, FAILED),
    "drop-removed": st.one_of(JUDGED, FAILED),
    "check": st.one_of(REFUSED, JUDGED, FAILED),
    "sign-out": st.one_of(st.builds(SignedOut, st.sampled_from((None, "It remains."))), FAILED),
    "lend": st.one_of(ADOPTED, FAILED),
    "release": st.one_of(st.just(Released("Handed back.")), FAILED),
}
OUTCOMES = st.one_of(*FITTING.values())
SIGHTS: st.SearchStrategy[ev.TokenFileStatus] = st.one_of(
    st.just(ev.FileAbsent()),
    st.just(ev.FileTorn()),
    st.just(ev.FileUnread("It can't be read right now.")),
    st.builds(ev.FileBad, st.sampled_from(("bad-file", "no-permission")), st.just("It is bad.")),
    tokens(),
)
INPUTS = st.builds(
    InputFile, st.sampled_from(("config", "settings", "records", "active-profile", "managed"))
)
MEMORIES = st.builds(
    Memory,
    started_at=st.one_of(st.none(), moments.map(lambda at: T0 + at)),
    lengths=st.lists(st.floats(60, DAY), max_size=3).map(tuple),
    refused=st.one_of(st.none(), fingerprints),
    used_at=st.one_of(st.none(), moments.map(lambda at: T0 + at)),
)
attempts = st.integers(1, 12)

EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.RecordsRead, st.dictionaries(keys, stores), st.dictionaries(keys, MEMORIES)),
    st.builds(
        ev.PreferencesRead,
        st.builds(
            Preferences,
            st.sampled_from(((900.0, 300.0), (), (600.0,))),
            st.booleans(),
            st.just(("*prod*",)),
            st.sampled_from(((), (("corp", 8 * HOUR),))),
        ),
    ),
    st.builds(ev.ActiveRead, st.sampled_from((None, "dev", "gone"))),
    st.builds(ev.ConfigRead, st.sampled_from(CATALOGS)),
    st.builds(ev.ConfigBroken, st.just("~/.aws/config, line 3: no section.")),
    st.builds(ev.TokenFileInspected, keys, SIGHTS),
    st.builds(ev.InputUnread, INPUTS, st.just("It can't be read right now.")),
    st.builds(ev.InputRead, INPUTS),
    st.just(ev.Tick()),
    st.builds(ev.SystemEvent, st.sampled_from(MOODS)),
    st.builds(ev.JobDone, keys, attempts, OUTCOMES),
    st.builds(ev.Stored, keys),
    st.builds(ev.TokenRejected, keys, fingerprints),
    st.builds(
        ev.SignInRequested,
        keys,
        requests,
        st.sampled_from((None, True, False)),
        st.sampled_from((None, "pkce", "device")),
        st.sampled_from(("resident", "caller")),
    ),
    st.builds(
        ev.SignInReady,
        keys,
        attempts,
        st.just("https://signin"),
        st.sampled_from((None, "ABCD-EFGH")),
        st.sampled_from((0.0, T0 + 500)),
    ),
    st.builds(ev.SignedIn, keys, attempts, tokens(), st.sampled_from(("keyring", "file"))),
    st.builds(ev.SignInFailed, keys, attempts, st.just("It was denied.")),
    st.builds(ev.SignInCancelled, keys, requests),
    st.builds(ev.RequesterLeft, keys, st.sampled_from(("r1", "r2"))),
    st.builds(ev.SignOutRequested, keys, requests),
    st.builds(ev.RenewRequested, keys, requests),
    st.builds(ev.UndoRequested, keys, requests),
    st.builds(ev.ReleaseRequested, keys, requests),
    st.builds(ev.UseRequested, st.sampled_from((None, "dev", "sso-tray", "gone")), requests),
    st.builds(ev.SnoozeRequested, keys),
    st.builds(SignInAllRequested, st.sampled_from((None, ("corp", "lab")))),
    st.just(UnlockRequested()),
    st.builds(ConsoleRequested, st.sampled_from(ROLES)),
    st.builds(ConsoleLinkRequested, st.sampled_from(ROLES)),
    st.builds(FavouriteRequested, st.sampled_from(ROLES), st.booleans()),
    st.builds(TerminalRequested, st.sampled_from(("use", "console --pick"))),
    st.builds(LinkRequested, keys),
    st.builds(SettingRequested, st.just("adopt"), st.booleans()),
    st.just(StatusRequested()),
    st.just(PageRequested()),
    st.just(ev.UnlockFailed("The keyring wasn't unlocked.")),
    st.builds(AddProfileRequested, keys, st.just("1" * 12), st.just("r")),
    st.builds(ev.ProfileAdded, keys, st.just("dev"), st.sampled_from((None, "It failed."))),
    st.builds(ev.CredentialsGiven, keys),
)
"""Every word of the world but Quit; answers to attempts that mostly nobody awaits."""


@st.composite
def answers(draw: st.DrawFn, state: TrayState) -> ev.Event:
    """Draw an answer to something that is under way, if anything is."""
    busy = [one for one in state.sessions.values() if one.job is not None]
    signing = [one for one in state.sessions.values() if one.sign_in is not None]
    if not busy and not signing:
        return draw(st.builds(ev.TokenFileInspected, keys, SIGHTS))
    session = draw(st.sampled_from(busy + signing))
    key = session.key
    if session.job is not None:
        return ev.JobDone(key, session.job.attempt, draw(FITTING[session.job.kind]))
    attempt = session.sign_in.attempt if session.sign_in is not None else 0
    return draw(
        st.one_of(
            st.builds(
                ev.SignInReady,
                st.just(key),
                st.just(attempt),
                st.just("https://signin"),
                older_ended=st.booleans(),
            ),
            st.builds(
                ev.SignedIn,
                st.just(key),
                st.just(attempt),
                tokens(),
                st.sampled_from(("keyring", "file")),
            ),
            st.just(ev.SignInFailed(key, attempt, "It was denied.")),
        )
    )


def moved(word: ev.Event, by: float) -> ev.Event:
    """Return an event with its tokens moved in time, so that they fit the story's now."""
    if isinstance(word, ev.TokenFileInspected) and isinstance(word.file_status, TokenFacts):
        return replace(word, file_status=_later(word.file_status, by))
    if isinstance(word, ev.SignedIn):
        return replace(word, token=_later(word.token, by))
    if isinstance(word, ev.JobDone):
        token = getattr(word.outcome, "token", None)
        if isinstance(word.outcome, Renewed | Adopted | RemovalJudged) and token:
            return replace(word, outcome=replace(word.outcome, token=_later(token, by)))
    return word


def _later(token: TokenFacts, by: float) -> TokenFacts:
    return replace(token, issued_at=token.issued_at + by, expires_at=token.expires_at + by)
