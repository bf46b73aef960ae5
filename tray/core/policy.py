"""Every number the rules use, with its unit and where it comes from."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0

# --- Renewing (R1, R5) ---
RENEW_AT_LIFE: Final = 0.5
"""Share of a token's life after which it is renewed at the latest (R1)."""
SDK_WINDOWS: Final = (15 * MINUTE, 10 * MINUTE, 5 * MINUTE)
"""Seconds before a token's end at which SDKs renew: botocore; C++; Java and Rust (measured)."""
SDK_MARGIN: Final = 2.5 * MINUTE
"""Seconds by which we are ahead of them, so that a second try is too."""
RENEW_AFTER_LIFE: Final = 0.25
"""Share of its life below which no SDK's window is a reason to renew a token."""
LONGEST_LIFE: Final = 12 * HOUR
"""No token is believed to live longer than this, whatever its file says."""
RENEW_JITTER: Final = 0.05
"""Largest share of the life by which a machine renews earlier than that (R1)."""
BACKOFF_FIRST: Final = 1.0
BACKOFF_MOST: Final = 300.0
"""Seconds between attempts: 1, 2, 4 .. 300, with full jitter (R5)."""
BACKOFF_SHARE: Final = 1 / 12
BACKOFF_LEAST: Final = 10.0
"""Nor more than this share of a living token's life, 300 s of an hour, or this many seconds."""
KEYRING_BACKOFF: Final = 8.0
KEYRING_BACKOFF_SHARE: Final = 0.2
"""
Most seconds until a keyring that does not answer is tried again, or this share of how long it has
not: AWS is not asked meanwhile.
"""
RETRY_AFTER_MOST: Final = HOUR
"""Upper bound on ``Retry-After``, in seconds."""
RENEWALS_PER_LIFE: Final = 3
"""Renewals in a token's life at most, each for schedule, programs and users (R5)."""
SHORTEST_LIFE: Final = 3.0
LIFE_UNMEASURED: Final = 20 * MINUTE
"""A life shorter than the first measures nothing; the second is what counts then (R5)."""
PROGRAMS_ADVANCE_EVERY: Final = 5 * MINUTE
"""Programs together may have the next attempt made at once this often (R5)."""
PROGRAMS_WAIT: Final = 15.0
"""Seconds a program waits for an attempt that is due soon; else it is told at once."""
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
Seconds after a known end at which one refresh decides whether it truly has come (fault 28).

AWS tells a life in whole seconds, the cache file its end: the true end may lie that much later.
"""
ENDING_BEFORE: Final = 30 * MINUTE
"""A known end this near makes the state ``ending`` (S5)."""
LENGTHS_KEPT: Final = 5
"""How many observed session lengths are remembered for ``learnt``."""
CLOCK_SLACK: Final = 5.0
"""Seconds by which our clock and a slow answer may blur an end."""
CLOCK_STEP: Final = 1.0
"""Seconds by which two ends may differ and still be the same: AWS counts in whole seconds."""

# --- Warning (W1-W3) ---
WARN_BEFORE: Final = (15 * MINUTE, 5 * MINUTE)
"""When an ``ending`` notice is due, seconds before the end; settable."""
FAILING_WARNS_UNDER: Final = 20 * MINUTE
"""``renewal-failing`` is worth a notice only with less token than this left (W1)."""
FAILING_WARNS_AFTER: Final = 30.0
"""Nor before it has failed for so long: a network needs a moment after waking (fault 31)."""
GROUP_WITHIN: Final = MINUTE
"""Notices of one kind that fire this close together are told as one (W2)."""
IDLE_AFTER: Final = 7 * DAY
"""A session nobody used for so long only colours its row (W2)."""
USED_GRAIN: Final = HOUR
"""Use is remembered this coarsely, so that a busy hour is not an hour of writing files."""
ADOPTED_SHOWN_FOR: Final = 10 * MINUTE
"""For how long the notice of an adoption, with its Undo, stays."""

# --- Files other programs write (K3) ---
TORN_READS: Final = 8
TORN_DELAY: Final = 0.25
"""An empty or cut cache file is read again this often, this many seconds apart."""
LINEAGE_KEPT: Final = 24
"""
How many token pairs of a session are remembered (K4). A pair that has dropped out is older than
any token still alive: renewals come at half the life, and a file's own end dates the rest.
"""
BESIDE_KEPT: Final = 3
"""How many tokens are kept beside the one in use until AWS has taken that (K4)."""
REMOVED_DELAY: Final = 0.3
"""Seconds a removed cache file may stay away before we ask AWS what happened (K5)."""

# --- Jobs and sign-ins ---
SIGN_IN_DEADLINE: Final = 10 * MINUTE
"""How long a person has to finish in the browser (L4)."""
REOPEN_AFTER: Final = MINUTE
"""A page is opened again for an impatient second click only after this (T18)."""
JOB_DEADLINE: Final = 90.0
"""Seconds after which a job counts as overdue; AWS calls end by themselves well before."""
FAULT_PAUSE: Final = 10.0
"""Seconds after a fault of the rules at which what was due is tried again (fault 77)."""
KEYRING_PATIENCE: Final = 10.0
"""Seconds a keyring write may take before a token is published without it (L12, R3)."""
HANDED_BACK_TIMES: Final = 3
HANDED_BACK_WITHIN: Final = 10 * MINUTE
"""A session another program takes back this often is left in the file (K1)."""

# --- Adding profiles ---
LISTING_DEADLINE: Final = 10 * MINUTE
"""Seconds for listing all accounts and roles: AWS may ask for patience at every page."""
LISTING_KEPT: Final = 15 * MINUTE
"""For how long the menu offers what was listed; then it is old, and memory for nothing."""
