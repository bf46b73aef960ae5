from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
NUMBERS = range(1, 107)
LIST = (Path(__file__).parent / "README.md").read_text()


def names_in(file: Path) -> set[str]:
    """Return the names of a file's tests."""
    return set(re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE))


def test_every_fault_is_accounted_for_exactly_once() -> None:
    """A fault has tests here, or a line in the list; never neither, never both."""
    here = {
        int(found[1])
        for file in Path(__file__).parent.glob("test_*.py")
        for name in names_in(file)
        if (found := re.match(r"test_fault_(\d\d\d?)_", name))
    }
    listed = [int(number) for number in re.findall(r"^- (\d\d\d?): ", LIST, re.MULTILINE)]

    assert dict.fromkeys(NUMBERS, 1) == dict(sorted(Counter([*here, *listed]).items()))


def test_every_listed_test_exists() -> None:
    """No test that the list names has gone, or been renamed, without the list."""
    named = re.findall(r"^  - (tests/[\w/]+\.py)::(test_\w+)$", LIST, re.MULTILINE)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or name not in names_in(ROOT / file)
    ]

    assert [] == missing
    assert len(named) == LIST.count("  - tests/")


def test_every_line_proves_something_or_says_why_not() -> None:
    """A fault on the list has a test, or the words "without a test" and a reason."""
    parts = re.split(r"^- (?=\d\d\d?: )", LIST, flags=re.MULTILINE)[1:]
    empty = [
        part.partition(":")[0]
        for part in parts
        if "  - tests/" not in part and "without a test: " not in part
    ]

    assert [] == empty


def test_every_optional_facility_is_missing_lost_and_back() -> None:
    """For each of the three there is a test that exists, or a reason why none is needed."""
    table = LIST.partition("\n## Without what is optional\n")[2]
    facilities = re.split(r"^- (?=\S)", table, flags=re.MULTILINE)[1:]
    named = re.findall(r"^  - \w+: (tests/[\w/]+\.py)::(test_\w+)$", table, re.MULTILINE)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or name not in names_in(ROOT / file)
    ]
    short = [
        one.partition("\n")[0]
        for one in facilities
        if [*dict.fromkeys(re.findall(r"^  - (\w+): \S", one, re.MULTILINE))]
        != ["missing", "lost", "back"]
    ]

    assert len(facilities) >= 8
    assert ([], []) == (missing, short)
    assert len(named) == table.count(": tests/")
