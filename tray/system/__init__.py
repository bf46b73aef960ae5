"""Which operating system this is, asked only here; the package has one module per capability."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LINUX: Final[bool] = sys.platform.startswith("linux")
MACOS: Final[bool] = sys.platform == "darwin"
WINDOWS: Final[bool] = sys.platform == "win32"
