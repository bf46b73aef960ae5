"""What a cell of the matrix holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a client did.

    Args:
        did: in a word or two, as the table shows it.
        why: what the client said last, where it said anything.
    """

    did: str
    why: str = ""
