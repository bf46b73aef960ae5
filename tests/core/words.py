"""Every word of the world, drawn at random: what the property tests tell the rules."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.core.story import CORP, DAY, HOUR, LAB, OLD, T0, catalog
from tray.core import events as ev
from tray.core import text
from tray.core.model import Catalog, Keeper, Memory, Preferences, SsoSession, TokenFacts

KEYS = (CORP.key, LAB.key, OLD.key)
MOODS = (
    "asleep", "woke", "network-up", "network-down", "locked", "unlocked", "clock-set",
    "keyring-unlocked",
)  # fmt: skip
REASONS: tuple[str, ...] = tuple(text.REASONS)
MOVED = SsoSession(
    key="corp", start_url="https://moved.awsapps.com/start", region="eu-west-1", profiles=("dev",)
)
CATALOGS: tuple[Catalog, ...] = (
    catalog(CORP, LAB, OLD),
    catalog(CORP),
    catalog(MOVED, LAB),
    Catalog(),
)

keys = st.sampled_from(KEYS)
keepers: st.SearchStrategy[Keeper | None] = st.sampled_from((None, "keyring", "file", "released"))
requests = st.one_of(st.none(), st.sampled_from(("r1", "r2")))
reasons = st.sampled_from(REASONS)
fingerprints = st.sampled_from([f"{number:x}" for number in range(8)])
moments = st.floats(-DAY, 3 * DAY, allow_nan=False)
lives = st.sampled_from((0.0, 8.0, 60.0, 600.0, HOUR, 8 * HOUR))


@st.composite
def tokens(draw: st.DrawFn) -> TokenFacts:
    """Draw a token of a plausible life, issued at any time."""
    issued = T0 + draw(moments)
    return TokenFacts(
        draw(fingerprints), issued + draw(lives), issued, refreshable=draw(st.booleans())
    )


OUTCOMES: st.SearchStrategy[ev.Outcome] = st.one_of(
    st.builds(
        ev.Renewed,
        tokens(),
        st.sampled_from(("keyring", "file")),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        ev.Refused,
        st.sampled_from(("valid", "dead", "unreachable")),
        st.sampled_from(("refused", "registration-expired")),
    ),
    st.just(ev.Unrenewable()),
    st.builds(
        ev.Adopted,
        tokens(),
        st.sampled_from(("keyring", "file")),
        st.one_of(st.none(), reasons),
        st.booleans(),
    ),
    st.builds(
        ev.RemovalJudged,
        st.sampled_from(("signed-out", "published", "nothing", "back")),
        st.one_of(st.none(), tokens()),
    ),
    st.builds(ev.SignedOut, st.one_of(st.none(), st.just("The portal could not be reached."))),
    st.builds(ev.Released, st.just("Handed back.")),
    st.builds(
        ev.Failed,
        reasons,
        st.just("It failed."),
        st.booleans(),
        st.one_of(st.none(), st.floats(0, 10_000)),
    ),
)
SIGHTS: st.SearchStrategy[ev.Sight] = st.one_of(
    st.just(ev.FileAbsent()),
    st.just(ev.FileTorn()),
    st.builds(ev.FileBad, st.sampled_from(("bad-file", "no-permission")), st.just("It is bad.")),
    tokens(),
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
    st.builds(ev.Recalled, st.dictionaries(keys, keepers), st.dictionaries(keys, MEMORIES)),
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
    st.builds(ev.TokensRead, keys, SIGHTS),
    st.just(ev.Tick()),
    st.builds(ev.Mood, st.sampled_from(MOODS)),
    st.builds(ev.JobDone, keys, attempts, OUTCOMES),
    st.builds(ev.Stored, keys),
    st.builds(ev.Doubted, keys, fingerprints),
    st.builds(
        ev.SignInWanted,
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
    st.builds(ev.SignOutWanted, keys, requests),
    st.builds(ev.RenewWanted, keys, requests),
    st.builds(ev.ReleaseWanted, keys, requests),
    st.builds(ev.UseWanted, st.sampled_from((None, "dev", "sso-tray", "gone")), requests),
    st.builds(ev.SnoozeWanted, keys),
    st.builds(ev.CredentialsGiven, keys),
    st.builds(ev.QuitWanted, requests),
)
"""Every word of the world, with attempts that are sometimes right."""
