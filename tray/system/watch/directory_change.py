"""Where something changed, as every directory watch reports it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DirectoryChange = tuple[Path, str | None]
"""A followed directory, as it was given to ``follow``, and the name of an entry; None: any."""

SLOWLY: Final = "Files are looked at every 5 seconds only"
"""What a sentence begins with where no watch can be had."""
