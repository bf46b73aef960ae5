"""Imported first: keeps OpenSSL out of the daemon, which speaks no TLS, 5 MB (measured)."""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
if "asyncio" not in _modules:
    for _name in ("ssl", "_ssl", "_hashlib"):
        _modules.setdefault(_name, None)
