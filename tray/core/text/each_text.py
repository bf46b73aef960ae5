"""What ``exec --each`` says of its many runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tray.core.text.display_names import clean
from tray.core.text.sentences import counted, listed


def no_match(pattern: str) -> str:
    return f'No profile matches "{clean(pattern)}".'


def guarded_left_out(names: Sequence[str]) -> str:
    return f"Left out, because guarded: {listed([clean(name) for name in names])}. See --guarded."


def failed(codes: Mapping[str, int], count: int) -> str:
    shown = listed([f"{clean(name)} ({code})" for name, code in codes.items()])
    return f"Failed with {len(codes)} of {counted(count, 'profile')}: {shown}."
