"""
Run the promises on real desktops and print a table: ``make desktops``.

Exit code 1 where a promise is broken that a desktop could keep. Screenshots are kept in
``artifacts``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time

from tests.desktops.desktops import DESKTOPS, Desktop
from tests.desktops.hands import Person
from tests.desktops.promises import PROMISES
from tests.desktops.session import session_on, versions
from tests.packages.told import Broken, failed, holds, title

Results = dict[str, str]
"""What became of each promise: how it was seen, or why not."""


def main() -> int:
    """Run those asked for, all by default; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make desktops", description=__doc__)
    parser.add_argument("desktop", nargs="*", metavar="DESKTOP", help=", ".join(DESKTOPS))
    parser.add_argument("--starts", type=int, default=20, help="starts of the tray on each")
    parser.add_argument("--only", default="", metavar="WORDS", help="promises with these words")
    asked = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        title("No desktop was tried: that needs root and mmdebstrap")
        return 1 if os.environ.get("CI") else 0
    table: dict[str, Results] = {}
    for name in asked.desktop or list(DESKTOPS):
        table[name] = _run(DESKTOPS[name], asked.starts, asked.only)
    _print(table)
    return int(any(told.startswith("✗") for one in table.values() for told in one.values()))


def _run(desktop: Desktop, starts: int, only: str) -> Results:
    results: Results = {}
    with session_on(desktop) as session:
        person = Person(session)
        title(f"{desktop.title} ({versions(session)})")
        for promise in PROMISES:
            why = desktop.cannot.get(promise.name) or promise.cannot(desktop)
            if only not in promise.name and promise is not PROMISES[0]:  # which logs in
                why = "not asked for"
            if why:
                results[promise.name] = f"– {why}"
                continue
            began = time.monotonic()
            try:
                seen = promise.keep(person, starts)
                holds(promise.name, True, f"{seen} ({time.monotonic() - began:.0f} s)")
                results[promise.name] = "✓"
            except (Broken, AssertionError, subprocess.SubprocessError) as error:
                failed(Broken(f"{promise.name}: {error} ({person.keep('failed')})"))
                results[promise.name] = f"✗ {error}"
                person.close()
    return results


def _print(table: dict[str, Results]) -> None:
    """Print promise by desktop, and below it the reasons."""
    reasons: list[str] = []
    title("| promise | " + " | ".join(DESKTOPS[name].title for name in table) + " |")
    lines = ["|---" * (len(table) + 1) + "|"]
    for promise in PROMISES:
        cells = []
        for results in table.values():
            mark, _, reason = results[promise.name].partition(" ")
            if reason:
                reasons.append(reason.partition("\n")[0])
                mark += f" ({len(reasons)})"
            cells.append(mark)
        lines.append(f"| {promise.name} | " + " | ".join(cells) + " |")
    lines += [""] + [f"({number}) {reason}" for number, reason in enumerate(reasons, 1)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
