"""Says of a failed soak with which seeds it ran."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.soak.seeds import OFFSET


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the offset beside what failed."""
    report = yield
    if report.failed:
        report.sections.append(("seeds", f"To run it again: make soak SOAK_SEED={OFFSET}"))
    return report
