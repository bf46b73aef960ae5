"""What the tray costs the process that stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROBE = """
import os, sys, threading
import tray.desktop.linux.linux_tray, tray.desktop.linux.session_bus
import tray.desktop.notifications.freedesktop_notices
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"Xlib", "gi", "numpy", "boto3", "keyring", "click", "plyer", "PIL"}))
print(threading.active_count(), os.environ.get("PYSTRAY_BACKEND"))
"""


def test_nothing_heavy_is_loaded_and_nothing_left_behind() -> None:
    """No toolkit, Pillow or thread comes along, and the environment is left alone."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROBE], env=one, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for one in (env, {**env, "PYSTRAY_BACKEND": "gtk"})
    ]

    assert [["[]", "1 None"], ["[]", "1 gtk"]] == runs
