"""
Runs programs inside Windows for a test outside: a request in JSON a line, an answer a line.

``{"argv", "env": {..}, "cwd", "input"}`` runs to its end; with ``"stay": true`` it is left running
and ``{"wait": pid}`` or ``{"kill": pid}`` comes back to it. Wine sets ``USERPROFILE`` and the like
anew in each program that Linux starts, so only a program inside can start one for another user.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

INTERNAL_ERROR = 1359
STARTS = 5
MOST = 1800
"""Seconds that a program may run: the demo takes minutes on a busy machine."""

_staying: dict[int, subprocess.Popen[bytes]] = {}


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if "wait" in request:
        try:
            return {"code": _staying[request["wait"]].wait(request.get("seconds", 60))}
        except subprocess.TimeoutExpired:
            return {"code": None}
    if "kill" in request:
        _staying[request["kill"]].kill()
        return {}
    environ = {**os.environ, **request.get("env", {})}
    environ = {name: value for name, value in environ.items() if value is not None}
    began = time.perf_counter()
    child = _started(
        request["argv"],
        env=environ,
        cwd=request.get("cwd"),
        stdin=subprocess.DEVNULL if request.get("input") is None else subprocess.PIPE,
        stdout=subprocess.DEVNULL if request.get("stay") else subprocess.PIPE,
        stderr=subprocess.DEVNULL if request.get("stay") else subprocess.PIPE,
        creationflags=request.get("flags", 0),
    )
    if request.get("stay"):
        _staying[child.pid] = child
        return {"pid": child.pid}
    text = request.get("input")
    try:
        out, err = child.communicate(None if text is None else text.encode(), timeout=MOST)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    return {
        "code": child.returncode,
        "out": out.decode(errors="replace"),
        "err": err.decode(errors="replace"),
        "seconds": time.perf_counter() - began,
    }


def _started(argv: list[str], **how: Any) -> subprocess.Popen[bytes]:
    """Start a program, again where Wine could not (ERROR_INTERNAL_ERROR, on a busy machine)."""
    for _ in range(STARTS):
        try:
            return subprocess.Popen(argv, **how)
        except OSError as error:
            if getattr(error, "winerror", None) != INTERNAL_ERROR:
                raise
    return subprocess.Popen(argv, **how)


def main() -> None:
    """Serve until the input ends, and end what was left running."""
    for line in sys.stdin.buffer:
        try:
            answer = _answer(json.loads(line))
        except OSError as error:
            answer = {"code": -1, "out": "", "err": f"{type(error).__name__}: {error}"}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    for child in _staying.values():
        child.kill()


if __name__ == "__main__":
    main()
