"""
The matrix of clients and moments: ``python -m tests.clients.matrix``.

Each cell is what a real client did; what differs from ``expected.json`` fails the run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.clients.matrix.cells import GROUPS, answered
from tests.clients.matrix.expectations import (
    Question,
    differences,
    printed,
    read_expected,
    write_expected,
)
from tests.clients.matrix.programs import PROGRAMS, Program
from tests.clients.matrix.seen import Seen


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print and compare; return the exit code."""
    options = _parser().parse_args(arguments)
    named = [one for one in PROGRAMS if not options.client or one.name in options.client]
    if options.quick:
        named = [one for one in named if one.quick]
    groups = options.group or (["file", "running"] if options.quick else list(GROUPS))
    programs, lacking = [], []
    for one in named:
        lack = one.lacks()
        if lack is None:
            programs.append(one)
        else:
            lacking.append(lack)
            _say(f"{one.name} is left out: {lack}")
    if not programs or (lacking and os.environ.get("CI")):
        return 1
    for one in programs:
        one.prepare()

    started = time.monotonic()
    rows = {
        group: [row for row in GROUPS[group] if not options.row or row in options.row]
        for group in groups
    }
    questions = [
        (group, row, one.name)
        for group in groups
        for one in programs
        if group in (one.groups or GROUPS)
        for row in rows[group]
    ]
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        seen = dict(zip(questions, pool.map(answered, questions), strict=True))
    if options.write:
        write_expected(seen)
    expected = read_expected()
    _say("\n".join(_report(seen, rows, programs)))
    wrong = differences(seen, expected)
    _say(f"{len(seen)} cells in {time.monotonic() - started:.0f} s")
    _say("\n".join(wrong) or "All as expected.")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make clients", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the moments, for one client of each")
    parser.add_argument("--client", action="append", choices=[one.name for one in PROGRAMS])
    parser.add_argument("--group", action="append", choices=list(GROUPS))
    parser.add_argument("--row", action="append", help="a row of the table, as printed")
    parser.add_argument("--write", action="store_true", help="expect what is seen from now on")
    parser.add_argument("--workers", type=int, default=2)
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _report(
    seen: Mapping[Question, Seen], asked: Mapping[str, Sequence[str]], programs: Sequence[Program]
) -> Iterator[str]:
    for group, rows in asked.items():
        names = [one.name for one in programs if group in (one.groups or GROUPS)]
        cells = {row: [seen[group, row, name].did for name in names] for row in rows}
        yield from printed(group, names, cells)


if __name__ == "__main__":
    sys.exit(main())
