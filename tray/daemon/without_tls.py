"""
Keeps OpenSSL out of the daemon; imported before anything else of its.

Workers speak to AWS. Here nobody speaks TLS, asyncio and hashlib do without OpenSSL where it is
not to be had, and its libraries would stay with the process for ever: 5 MB (measured).
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules
if "asyncio" not in _modules:
    for _name in ("ssl", "_ssl", "_hashlib"):
        _modules.setdefault(_name, None)
