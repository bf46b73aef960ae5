"""Every number of the core, with its unit and source."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0

# --- Renewing (R1, R5) ---
RENEW_AT_LIFE: Final = 0.5  # share of a token's life after which it is renewed at the latest (R1)
# Seconds before a token's end at which SDKs renew: botocore; C++; Java and Rust (measured).
SDK_WINDOWS: Final = (15 * MINUTE, 10 * MINUTE, 5 * MINUTE)
# seconds by which we are ahead of them, so that a second try is too
SDK_MARGIN: Final = 2.5 * MINUTE
# share of its life below which no SDK's window is a reason to renew
RENEW_AFTER_LIFE: Final = 0.25
LONGEST_LIFE: Final = 12 * HOUR  # no token is believed to live longer, whatever its file says
RENEW_JITTER: Final = 0.05  # largest share of the life by which a machine renews earlier (R1)
BACKOFF_FIRST: Final = 1.0
BACKOFF_MOST: Final = 300.0  # seconds between attempts: 1, 2, 4 .. 300, with full jitter (R5)
BACKOFF_SHARE: Final = 1 / 12
BACKOFF_LEAST: Final = 10.0
"""At most this share of a living token's life (300 s of an hour), or this many seconds."""
KEYRING_BACKOFF: Final = 5.0
KEYRING_BACKOFF_SHARE: Final = 1 / 8
"""Most seconds until a silent keyring is retried, or this share of its silence, without AWS."""
RETRY_AFTER_MOST: Final = HOUR  # a longer ``Retry-After`` counts as this
RENEWALS_PER_LIFE: Final = 3  # in a token's life, each for schedule, programs and users (R5)
SHORTEST_LIFE: Final = 3.0
LIFE_UNMEASURED: Final = 20 * MINUTE
"""A life shorter than the first measures nothing; the second is used instead (R5)."""
# how often programs together may advance the next attempt (R5)
PROGRAMS_ADVANCE_EVERY: Final = 5 * MINUTE
# seconds a program waits for an attempt; if it is due later, it fails at once
PROGRAMS_WAIT: Final = 15.0
USER_ATTEMPTS: Final = 3
USER_ATTEMPTS_WITHIN: Final = 10 * MINUTE
"""Renewals asked for by hand (R5)."""
EVENTS_ADVANCE_EVERY: Final = 5 * MINUTE
"""Network, unlock, wake and an answer of the portal together free one attempt this often (R5)."""

# --- The end of the sign-in session (G1, S5) ---
SHORTENED_BY: Final = 60.0
SHORTENED_SHARE: Final = 0.1
"""
A renewed token ending this many seconds before its usual life shows the session's end; for lives
of a few minutes, where a minute would hide every end, this share of the life.
"""
LAST_QUESTION_AFTER: Final = 2.0
"""
Seconds after a known end at which one refresh confirms it (fault 28).

AWS gives lives, and the cache file ends, in whole seconds: the true end may be that much later.
"""
ENDING_BEFORE: Final = 30 * MINUTE  # a known end this near makes the state ``ending`` (S5)
LENGTHS_KEPT: Final = 5  # observed session lengths that are remembered for ``learnt``
CLOCK_SLACK: Final = 5.0  # seconds by which our clock and a slow answer may blur an end
CLOCK_OFF: Final = 120.0  # seconds from AWS's date by which our clock is wrong, no answer slow
CLOCK_STEP: Final = 1.0  # seconds by which equal ends may differ: AWS counts in whole seconds

# --- Warning (W1-W3) ---
# seconds before the end at which an ``ending`` notice is due; settable
WARN_BEFORE: Final = (15 * MINUTE, 5 * MINUTE)
# ``renewal-failing`` is shown only with less token than this left (W1)
FAILING_WARNS_UNDER: Final = 20 * MINUTE
# and only after failing so long: a network needs a moment after waking (fault 31)
FAILING_WARNS_AFTER: Final = 30.0
# notices of one kind that fire this close together are shown as one (W2)
GROUP_WITHIN: Final = MINUTE
IDLE_AFTER: Final = 7 * DAY  # a session unused for so long only colours its row (W2)
USED_GRAIN: Final = HOUR  # use is remembered this coarsely, to avoid constant writes
ADOPTED_SHOWN_FOR: Final = 10 * MINUTE  # how long the notice of an adoption, with its Undo, stays

# --- Files other programs write (K3) ---
TORN_READS: Final = 8
TORN_DELAY: Final = 0.25
"""An empty or truncated cache file is read again this often, this many seconds apart."""
UNREAD_FIRST: Final = 0.5
UNREAD_MOST: Final = 10.0
"""A file that the machine cannot read now is read again after 0.5, 1, 2 .. 10 seconds (S4)."""
UNREAD_TOLD_AFTER: Final = 10.0  # seconds after which a row says so
LINEAGE_KEPT: Final = 24
"""
How many token pairs of a session are remembered (K4). A pair that has dropped out is older than
any token still alive: renewals come at half the life, and a file's own end dates the rest.
"""
BESIDE_KEPT: Final = 3  # tokens kept beside the one in use until AWS has taken that (K4)
REMOVED_DELAY: Final = 3.0  # seconds a removed cache file may stay away before AWS is asked (K5)
REMOVED_KEPT: Final = DAY  # of running time in which a removal can be undone (K5)
REMOVED_COUNTED: Final = HOUR  # how often that running time is recorded
UNDONE_RECENTLY: Final = DAY  # since an Undo: the next removal offers to put the file back always

# --- Jobs and sign-ins ---
SIGN_IN_DEADLINE: Final = 10 * MINUTE  # how long the user has to finish in the browser (L4)
REOPEN_AFTER: Final = MINUTE  # a second click reopens a page only after this (T18)
JOB_DEADLINE: Final = 90.0  # seconds until a job counts as overdue; AWS calls time out well before
FAULT_PAUSE: Final = 10.0  # seconds after a fault in the core until due work is retried (fault 77)
HANDED_BACK_TIMES: Final = 3
HANDED_BACK_WITHIN: Final = 10 * MINUTE
"""A session another program takes back this often is left in the file (K1)."""

# --- A daemon that is started when it is needed ---
START_AGAIN_AFTER: Final = MINUTE  # between two starts for programs
START_PATIENCE: Final = 5.0
"""
Seconds that a program waits for a daemon it starts, and everybody for one that another starts.

Then it acts alone: an SDK waits for its ``credential_process``, the one for Go a minute at most.
"""
STARTER_PATIENCE: Final = 60.0
"""Of a person who starts one, while it lives: a busy machine takes its time."""
WORKER_RESTS_AFTER: Final = 8.0  # seconds without a job; it takes more memory than the daemon
WORKER_SERVES: Final = 256  # jobs; then it rests at once: its heap holds more and more fragments
IDLE_ENDS_AFTER: Final = HOUR  # without icon, session and request it ends itself after this
ENDS_WITHIN: Final = 30.0  # seconds; four are the most seen, a manager of services kills after 60
BUS_GONE_AFTER: Final = 2 * MINUTE  # a session bus away so long has ended with its desktop

# --- The icon ---
STATUS_LINES: Final = 8  # sessions in the tooltip; the menu lists all

# --- Adding profiles ---
LISTING_DEADLINE: Final = 10 * MINUTE  # seconds for listing all roles: AWS may throttle every page

# --- The menu ---
MENU_ROWS: Final = 25  # on a level at most; what finds no room is found by typing
MENU_SESSIONS: Final = 8  # on the first level, which has no room for more
RECENT_SHOWN: Final = 5  # roles used last
RECENT_LINES: Final = 10  # of the history
RECENT_KEPT: Final = 20
FAVOURITES_KEPT: Final = 100

# --- The index of accounts and roles ---
INDEX_KEPT: Final = DAY  # after which a session is listed again
INDEX_WANTED: Final = 7 * DAY  # since a surface that needs it was used
INDEX_PAUSE: Final = HOUR  # after a listing that failed
INDEX_TOLD_WITHIN: Final = 7 * DAY  # older changes are no news
LISTING_LOOKS: Final = 0.5  # seconds between looks whether another listing has ended
PROGRESS_EVERY: Final = 0.2  # seconds between two words on how far a listing is
CHANGES_KEPT: Final = 500  # roles that appeared, and as many that vanished

# --- Commands for many, and in a window ---
EACH_AT_ONCE: Final = 8  # commands of ``exec --each``: as many calls as a listing makes
EACH_ENDS_WITHIN: Final = 10.0  # seconds from Ctrl-C until what still runs is killed
TERMINAL_STARTS_WITHIN: Final = 0.5  # seconds in which a terminal that cannot start has ended

# --- Privacy ---
KEPT_FOR: Final = (
    90 * DAY
)  # the history's lines, and accounts that were not listed since; settable

TOTALS_KEPT: Final = 731 * DAY  # numbers by day, which outlive the history's lines

# --- The desktop's own search ---
SEARCH_LETTERS: Final = 3  # fewer find everything
SEARCH_SHOWN: Final = 12  # results; a shell shows half as many
SEARCH_KEPT: Final = 10 * MINUTE  # that what it needs is kept: 4 MB for 10,000 roles

ROLES_RANKED: Final = 200
"""Of more rows than these that fit a search nobody reads the last ones: their order is kept."""

# --- The accounts page ---
PAGE_STAYS: Final = 2 * MINUTE  # its server, after the last page was closed
PAGE_LINK_LASTS: Final = 2 * MINUTE  # in which a link can be opened
PAGE_LOOKS: Final = 1.0  # seconds between looks whether a page is open
PAGE_FILE_LOOKS: Final = 0.1  # seconds between looks at files, only while a page is open
PAGE_DAEMON_TRIES: Final = 0.5  # seconds between tries to reach a daemon
PAGE_ANSWERS_WITHIN: Final = 30.0  # seconds
PAGE_REQUESTS_AT_ONCE: Final = 4
PAGE_REQUEST_BYTES: Final = 64 * 1024  # of a POST's body
PAGE_JOB_ENDS_WITHIN: Final = 15 * MINUTE  # a sign-in waits ten for a person
PAGE_JOB_PRINTS: Final = 64 * 1024  # characters of a job's output that are passed on
PAGE_ROWS: Final = 60  # of one answer, unless fewer are asked for
PAGE_MOST_ROWS: Final = 500
LONGEST_SHOWN_NAME: Final = 300  # characters
LONGEST_LABEL: Final = 20  # characters of an account's, beside its name in menu and list
PAGE_SPANS: Final = {
    "day": (DAY, 96),
    "week": (7 * DAY, 168),
    "month": (30 * DAY, 120),
    "year": (53 * 7 * DAY, 53),
}
"""How much of the history is drawn, in seconds, and into how many equal parts it is cut."""
