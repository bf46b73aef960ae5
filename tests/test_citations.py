"""Rules, threats and faults cited in code and tests are described somewhere."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

from tests.faults.test_accounted import NUMBERS

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("tray", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
NAMES = re.compile(r"\b[A-Z][1-9]\d?\b")
KINDS = "SLRKWAMCFGT"
ELSEWHERE = re.compile(r"\bDESIGN\b|\bprotocol(?:\.md)? \d\.\d")
"""Documents that are not in this repository."""
FAULTS = re.compile(r"\b[Ff]aults? (\d+(?:(?:, | and |-)\d+)*)")


def described() -> set[str]:
    """Return the name of every rule in RULES.md and of every threat in the guide."""
    rules = (ROOT / "tray/core/RULES.md").read_text(encoding="utf-8")
    security = (ROOT / "tray/guide/security.md").read_text(encoding="utf-8")
    return {
        *re.findall(r"^\| ([A-Z]\d+) \|", rules, re.MULTILINE),
        *re.findall(r"\b(T\d+)\b", security),
    }


def cited(source: str) -> tuple[set[str], set[int]]:
    """Return the rules and threats, and the faults, that comments and docstrings name."""
    prose = " ".join(
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT or token.string.startswith('"""')
    )
    faults = {int(number) for run in FAULTS.findall(prose) for number in re.findall(r"\d+", run)}
    names = {name for name in NAMES.findall(prose) if name[0] in KINDS}
    return names | set(ELSEWHERE.findall(prose)), faults


def test_every_citation_leads_somewhere() -> None:
    """No comment or docstring names a rule, a threat or a fault that is described nowhere."""
    known = described()
    lost = {
        f"{path.relative_to(ROOT)}: {one}"
        for path in FILES
        for names, faults in [cited(path.read_text(encoding="utf-8"))]
        for one in (*(names - known), *(faults - set(NUMBERS)))
    }

    assert set() == lost


def test_citations_are_found() -> None:
    """The search sees a rule, a threat and several faults, so that an empty result is no proof."""
    source = '"""Keeps it (K4, T7)."""\nx = 1  # rule S5, DESIGN 2, faults 2, 44-46\ny = "K9"\n'

    assert ({"K4", "T7", "S5", "DESIGN"}, {2, 44, 46}) == cited(source)
