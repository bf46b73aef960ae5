"""A process that may hold a refresh token leaves no core behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tray.system import LINUX
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.spawn import worker_environment

pytestmark = pytest.mark.skipif(not LINUX, reason="prctl(2) is Linux's")

UNLIMITED = """
from resource import RLIMIT_CORE, getrlimit, setrlimit
setrlimit(RLIMIT_CORE, (getrlimit(RLIMIT_CORE)[1], getrlimit(RLIMIT_CORE)[1]))
"""
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"
CASES = {
    "a worker": (
        "import io\n"
        "from tray.worker.worker_process import Worker\n"
        "Worker(io.BytesIO(b''), io.BytesIO(), {}).serve()\n"
    ),
    "a command that acts alone": (
        "import os\n"
        "from tray.worker.job_context import JobContext\n"
        "JobContext.from_environment(os.environ)\n"
    ),
    "a daemon, which reads token files": (
        "import os\n"
        "from tray.daemon.__main__ import main\n"
        "from tray.system.lock.file_lock import FileLock, lock_path\n"
        "from tray.system.paths import Paths\n"
        "other = FileLock(lock_path(Paths.from_environment(os.environ).state, 'resident'))\n"
        "assert other.acquire()\n"
        "main()\n"  # which ends at once, since another daemon runs
    ),
    "a command that reads token files": (
        "from tray.cli.command_context import CommandContext\n"
        "from tray.cli.standalone import view_of_files\n"
        "view_of_files(CommandContext.of_this_process())\n"
    ),
}


def dumped(code: str, home: Path) -> bool:
    """Run Python code until it aborts, with cores of any size, and tell whether it left one."""
    done = subprocess.run(
        [sys.executable, "-c", f"{UNLIMITED}\n{code}\n{DIES}"],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert -signal.SIGABRT == done.returncode, done.stderr
    return bool(list(home.glob("core*")))


@pytest.mark.parametrize("who", CASES)
def test_no_core_is_left(who: str, tmp_path: Path) -> None:
    """Although the limit allows one, and the same Python without us leaves one."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    usual, ours = tmp_path / "usual", tmp_path / "ours"
    usual.mkdir()
    ours.mkdir()
    without_us = dumped("", usual)

    assert not dumped(CASES[who], ours)
    # Where cores go elsewhere, or a container allows none, there is nothing to compare with.
    assert without_us or pattern != "core" or not resource.getrlimit(resource.RLIMIT_CORE)[1]


@pytest.mark.parametrize("who", CASES)
def test_the_process_is_not_dumpable(who: str, tmp_path: Path) -> None:
    """prctl(2) and the limit say so, wherever the cores go."""
    asks = (
        "import ctypes, resource as it\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), it.getrlimit(it.RLIMIT_CORE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{UNLIMITED}\n{CASES[who]}\n{asks}"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "0 0\n" == done.stdout


def test_a_command_of_the_users_has_their_own_limit() -> None:
    """`exec` gives back the limit of core files, where it had acted alone before."""
    code = (
        "from tray.cli.exec.becoming import become\n"
        "from tray.system.process_limits import forbid_core_dumps\n"
        "import os, sys\n"
        "forbid_core_dumps()\n"
        "asks = 'import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0])'\n"
        "become([sys.executable, '-c', asks], os.environ)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{UNLIMITED}\n{code}"], capture_output=True, text=True, check=True
    )

    assert str(resource.getrlimit(resource.RLIMIT_CORE)[1]) == done.stdout.strip()


def test_a_program_the_daemon_starts_has_its_own_limit(tmp_path: Path) -> None:
    """A browser or a terminal of the user's leaves cores as before; the daemon stays without."""
    told = tmp_path / "told"
    asks = f"import resource; open({str(told)!r}, 'w').write(str(resource.getrlimit(4)[0]))"
    code = (
        "from tray.system.process_limits import forbid_core_dumps\n"
        "from tray.system.spawn import start_detached\n"
        "import os, resource, sys\n"
        "forbid_core_dumps()\n"
        f"assert 0 == start_detached([sys.executable, '-c', {asks!r}], os.environ, grace=60)\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{UNLIMITED}\n{code}"], capture_output=True, text=True, check=True
    )

    theirs = str(resource.getrlimit(resource.RLIMIT_CORE)[1])
    assert ("0", theirs) == (done.stdout.strip(), told.read_text())


def test_a_second_start_without_standard_streams_succeeds(tmp_path: Path) -> None:
    """As from ``pythonw``, which has none: "already running" goes nowhere and is no failure."""
    lock = FileLock(lock_path(tmp_path / ".local/state/sso-tray", "resident"))
    code = (
        "import sys; sys.stdin = sys.stdout = sys.stderr = None;"
        "from tray.daemon.__main__ import main; sys.exit(main())"
    )
    with lock:
        done = subprocess.run(
            [sys.executable, "-c", code], env=worker_environment({"HOME": str(tmp_path)}),
            check=False, timeout=60,
        )  # fmt: skip

    assert 0 == done.returncode
