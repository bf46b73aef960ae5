"""Print the performance table: ``make bench``; names as arguments choose rows."""

from __future__ import annotations

import sys

from tests.benchmarks import (
    accounts,
    change,
    click,
    commands,
    config_parsing,
    daemon,
    frozen,
    hand_out,
    page,
    renewals,
    search_provider,
    start,
)
from tests.benchmarks.table import BUDGET, Figure, show


def _config() -> list[Figure]:
    return [
        Figure(f"config, {name}", ours, "ms", "botocore", theirs, goal)
        for name, ours, theirs, _, goal in config_parsing.measure()
    ]


PARTS = {
    "config": _config,
    "commands": commands.measure,
    "imports": commands.budgets,
    "hand-out": hand_out.measure,
    "change": change.measure,
    "renewals": renewals.measure,
    "click": click.measure,
    "start": start.measure,
    "frozen": frozen.measure,
    "accounts": accounts.measure,
    "page": page.measure,
    "search-provider": search_provider.measure,
    "resident": daemon.measure,
    "resident-large": daemon.measure_large,
}


def main() -> int:
    """Measure what was asked for, everything by default; 1 if a budget is exceeded."""
    wanted = sys.argv[1:] or list(PARTS)
    figures: list[Figure] = []
    for name in wanted:
        sys.stderr.write(f"measuring: {name}\n")
        figures += PARTS[name]()
    show(figures)
    return int(any(one.peer == BUDGET and not one.kept for one in figures))


if __name__ == "__main__":
    sys.exit(main())
