"""Which operating system this is, asked only here; the package has one module per capability."""

from __future__ import annotations

import sys
from typing import Final

LINUX: Final[bool] = sys.platform.startswith("linux")
MACOS: Final[bool] = sys.platform == "darwin"
WINDOWS: Final[bool] = sys.platform == "win32"
