"""
Imported by every Python a test of leaks starts: writes down what the process was given.

Argv and environment at once; what the daemon and its workers say on stderr, which nobody else
keeps; and on SIGUSR1 every text the process holds in memory, with the rules' state.
"""

import copyreg
import gc
import io
import json
import os
import pickle
import signal
import sys
import time
import traceback
from pathlib import Path
from types import MappingProxyType
from typing import Any

_RECORD = Path(os.environ["SSO_TRAY_TEST_RECORD"])


class _Pickler(pickle.Pickler):
    """Pickles a mapping that is only read, which no pickle has a form for, as its dict."""

    dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda one: (dict, (dict(one),))}


def _texts() -> list[str]:
    """Return every text that some object of this process holds."""
    found, unknown, seen = set[str](), list[object](gc.get_objects()), set[int]()
    while unknown:
        for held in gc.get_referents(unknown.pop()):
            if isinstance(held, str | bytes | bytearray):
                found.add(held if isinstance(held, str) else bytes(held).decode("latin-1"))
            elif not gc.is_tracked(held) and id(held) not in seen:
                # A dict or tuple of nothing but texts is not on the collector's own list.
                seen.add(id(held))
                unknown.append(held)
    return [text for text in found if len(text) >= 12]


def _state() -> list[str]:
    """Return the rules' state as pickle and repr would show it."""
    states = [one for one in gc.get_objects() if type(one).__name__ == "TrayState"]
    return [repr(one) + _pickled(one) for one in states]


def _pickled(what: object) -> str:
    file = io.BytesIO()
    _Pickler(file).dump(what)
    return file.getvalue().decode("latin-1")


def _tell_memory(*_: Any) -> None:
    gc.unfreeze()  # what the daemon froze after its start is off the collector's list otherwise
    told = _RECORD / f"memory-{os.getpid()}"
    part = told.with_suffix(".part")
    try:
        part.write_text(json.dumps({"texts": _texts(), "states": _state()}))
    except TypeError:  # a state that holds a Secret has no pickle
        part.write_text(json.dumps({"problem": traceback.format_exc()}))
    part.replace(told)


def _begin() -> None:
    name = f"{os.getpid()}-{time.monotonic_ns()}"
    (_RECORD / f"start-{name}").write_text(json.dumps([sys.orig_argv, dict(os.environ)]))
    module = next((word for word in sys.orig_argv if word.startswith("tray.")), "")
    if module not in {"tray.daemon", "tray.worker"}:
        return
    told = os.open(_RECORD / f"stderr-{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(told, 2)
    os.close(told)
    if module == "tray.daemon":
        signal.signal(signal.SIGUSR1, _tell_memory)


_begin()
