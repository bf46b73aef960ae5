"""Picking some of many roles in a terminal: a numbered list that typed words narrow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import click

from tray.cli.front.terminal import Ended, note
from tray.core.profiles.profile_planning import Assignment
from tray.core.text.display_names import clean

SHOWN: Final = 30
HOW: Final = "Enter numbers (1 3 5-7), a word to filter, * for all shown, or nothing to cancel."


def pick(
    every: Sequence[Assignment], known: Mapping[tuple[str, str], str]
) -> tuple[Assignment, ...]:
    """Let the user pick; ``known`` has the existing profiles, by account and role."""
    shown = tuple(every)
    while True:
        _show(shown, len(every), known)
        answer = click.prompt("Roles", default="", show_default=False, err=True).strip()
        if not answer:
            raise Ended("Nothing selected. No changes made.", 1)
        if answer == "*":
            return shown
        numbers = numbers_of(answer, len(shown))
        if numbers:
            return tuple(shown[number - 1] for number in numbers)
        fitting = tuple(one for one in every if _mentions(one, answer))
        if fitting:
            shown = fitting
        else:
            note(f'Nothing matches "{clean(answer)}".')


def numbers_of(answer: str, count: int) -> list[int]:
    """Return the numbers of ``1 3 5-7``, each once and in order; empty if invalid."""
    numbers: set[int] = set()
    for part in re.split(r"[,\s]+", answer):
        found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
        if found is None:
            return []
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= count:
            return []
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def _mentions(one: Assignment, typed: str) -> bool:
    text = f"{one.account_id} {one.account_name} {one.role_name} {one.email}".lower()
    return all(word in text for word in typed.lower().split())


def _show(shown: Sequence[Assignment], count: int, known: Mapping[tuple[str, str], str]) -> None:
    whole = "" if len(shown) == count else f" of {count}"
    click.echo(f"{len(shown)}{whole} roles available:", err=True)
    width = max((len(clean(one.account_name, 40)) for one in shown[:SHOWN]), default=0)
    for number, one in enumerate(shown[:SHOWN], 1):
        name = clean(one.account_name, 40).ljust(width)
        there = known.get((one.account_id, one.role_name))
        mark = click.style(f"  (profile {clean(there)})", dim=True) if there is not None else ""
        role = clean(one.role_name)
        click.echo(f"{number:>5}  {one.account_id}  {name}  {role}{mark}", err=True)
    if len(shown) > SHOWN:
        click.echo(f"       ... and {len(shown) - SHOWN} more. Enter a word to filter.", err=True)
    click.echo(HOW, err=True)
