"""The last good config, for a start at which the config is broken (S4)."""

from __future__ import annotations

import json
from pathlib import Path

from tray.core.model import Catalog
from tray.errors import TrayError
from tray.storage.atomic_files import read_small, write_changed


def save_catalog(state: Path, catalog: Catalog) -> None:
    """Keep a valid config if it has changed; raises `OSError` or `TrayError`."""
    write_changed(_path(state), json.dumps(catalog.to_json()).encode())


def last_catalog(state: Path) -> Catalog | None:
    try:
        return Catalog.from_json(json.loads(read_small(_path(state))))
    except (OSError, TrayError, ValueError, RecursionError):
        return None


def _path(state: Path) -> Path:
    return state / "last-config.json"
