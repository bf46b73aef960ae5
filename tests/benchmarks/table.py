"""Rows of the performance table, and how they are printed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 15

BUDGET = "(budget)"
"""The peer of what is counted, not timed: exceeding it is a failure on any machine."""


@dataclass(frozen=True)
class Figure:
    """
    One row.

    Args:
        what: what was measured.
        ours: our figure.
        unit: its unit.
        peer: what it is held against.
        theirs: the peer's figure in the same run, or None where the goal is absolute.
        goal: the greatest allowed ratio, or the greatest allowed figure where there is no peer.
    """

    what: str
    ours: float
    unit: str
    peer: str
    theirs: float | None
    goal: float | None

    @property
    def ratio(self) -> float | None:
        """Ours to theirs."""
        return None if not self.theirs else self.ours / self.theirs

    @property
    def kept(self) -> bool | None:
        """Whether the goal is kept; None where there is none."""
        if self.goal is None:
            return None
        return (self.ratio if self.theirs is not None else self.ours) <= self.goal  # type: ignore[operator]  # a peer's figure is never zero here


def show(figures: Sequence[Figure]) -> None:
    """Print rows as one table."""
    head = ("what", "ours", "", "against", "theirs", "ratio", "goal", "")
    rows = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.3f}"
    goal = "" if figure.goal is None else f"<= {figure.goal:g}"
    theirs = "" if figure.theirs is None else f"{figure.theirs:.2f}"
    verdict = {True: "kept", False: "MISSED", None: ""}[figure.kept]
    return (
        figure.what, f"{figure.ours:.2f}", figure.unit, figure.peer, theirs, ratio, goal, verdict,
    )  # fmt: skip


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)
