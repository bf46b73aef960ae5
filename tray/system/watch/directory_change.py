"""Where something changed, as every directory watch reports it."""

from __future__ import annotations

from pathlib import Path

DirectoryChange = tuple[Path, str | None]
"""A followed directory, as it was given to ``follow``, and the name of an entry; None: any."""
