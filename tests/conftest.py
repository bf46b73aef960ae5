"""What holds for every test: under ``CI`` nothing is skipped."""

import pytest

from tests.no_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

# They check for several test modules, and a failure has to say what differed.
pytest.register_assert_rewrite("tests.worker.kills")
