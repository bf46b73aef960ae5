"""How long the config takes us and botocore, in one interleaved run."""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import botocore.session

from tray.aws.config.catalog import CatalogReader, read_catalog
from tray.aws.config.config_files import ConfigFiles

GOALS = {100: None, 1_000: 1 / 10, 10_000: 1 / 12}
"""Profiles -> the greatest ratio of our time to botocore's (G3)."""

Row = tuple[str, float, float, float, float | None]
"""Name, our ms, the peer's ms, their ratio, its goal."""


def config_of(profiles: int, sessions: int = 5) -> str:
    """Return a config as larger companies have it: a few sso-sessions, one comment in ten."""
    parts = [
        f"[sso-session corp{n}]\nsso_start_url = https://corp{n}.awsapps.com/start\n"
        f"sso_region = eu-west-{n % 3 + 1}\nsso_registration_scopes = sso:account:access\n\n"
        for n in range(sessions)
    ]
    for n in range(profiles):
        if n % 10 == 0:
            parts.append(f"# team {n // 10}\n")
        parts.append(
            f"[profile team{n // 10}-account{n}]\nsso_session = corp{n % sessions}\n"
            f"sso_account_id = {100_000_000_000 + n}\n"
            f"sso_role_name = {'Administrator' if n % 3 else 'ReadOnly'}\n"
            "region = eu-west-1\noutput = json\n\n"
        )
    return "".join(parts)


def measure(rounds: int = 15) -> list[Row]:
    """
    Measure reading 100, 1,000 and 10,000 profiles, and looking at unchanged files.

    Ours is everything from opening the files to the finished catalog; the peer's is
    ``Session.full_config`` of a session already made, which is its parse and nothing more. They
    take turns; each figure is the median of ``rounds``.

    Returns:
        one row for each size, and one for 10,000 unchanged profiles against one bare ``stat``
        of each of the two files.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        files = ConfigFiles(Path(folder, "config"), Path(folder, "credentials"))
        files.credentials.write_text("")
        for profiles, goal in GOALS.items():
            files.config.write_text(config_of(profiles))
            ours, theirs = _turns(
                rounds, lambda: lambda: read_catalog(files), lambda: _full_config(files)
            )
            rows.append((f"{profiles} profiles", ours, theirs, ours / theirs, goal))
        later = time.time() + 3600
        reader = CatalogReader(files, clock=lambda: later)
        reader.read()
        ours, theirs = _turns(rounds, lambda: reader.read, lambda: lambda: _stat_both(files))
        rows.append((f"{profiles} profiles, unchanged", ours, theirs, ours / theirs, None))
    return rows


def _turns(
    rounds: int,
    ours: Callable[[], Callable[[], object]],
    theirs: Callable[[], Callable[[], object]],
) -> tuple[float, float]:
    """Return the medians in ms of two jobs; making a job ready is not counted."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for make, times in zip((ours, theirs), spent, strict=True):
            job = make()
            gc.collect()  # or each would pay for the other's garbage
            start = time.perf_counter()
            job()
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent[0]), statistics.median(spent[1])


def _full_config(files: ConfigFiles) -> Callable[[], object]:
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(files.config))
    session.set_config_variable("credentials_file", str(files.credentials))
    return lambda: session.full_config


def _stat_both(files: ConfigFiles) -> None:
    files.config.stat()
    files.credentials.stat()


if __name__ == "__main__":
    for name, ours, theirs, ratio, goal in measure():
        goal_text = "" if goal is None else f"  goal {goal:.3f}"
        sys.stdout.write(f"{name:28} {ours:9.3f} {theirs:9.3f} ms  {ratio:.3f}{goal_text}\n")
