"""
The frozen program's one entry: the command line, or with ``--internal`` one of its own parts.

A part is a module that is started as a process of its own (`tray.system.spawn.PARTS`); elsewhere
an interpreter runs it by ``-m``.
"""

from __future__ import annotations

import os
import runpy
import sys

from tray.system.spawn import INTERNAL_FLAG, PARTS, without_bootloader


def entry() -> int:
    """Run what was asked for; returns the exit code."""
    kept = without_bootloader(os.environ)
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)
    if sys.argv[1:2] != [INTERNAL_FLAG]:
        from tray.__main__ import main

        return main()
    part, *arguments = sys.argv[2:] or [""]
    if part not in PARTS:
        sys.stderr.write(f"sso-tray: {INTERNAL_FLAG} is for its own parts only.\n")
        return 2
    sys.argv = [sys.argv[0], *arguments]
    runpy.run_module(part, run_name="__main__", alter_sys=True)
    return 0


sys.exit(entry())
