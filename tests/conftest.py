"""What holds for every test: under ``CI`` nothing is skipped."""

import signal

import pytest

from tests.no_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

# They check for several test modules, and a failure has to say what differed.
pytest.register_assert_rewrite("tests.worker.kills")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script that starts us in the background has it ignored, and so would whatever we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
