"""
The icon's pictures: drawn by a process of its own, once each, and kept in the state directory.

Pillow would take a fifth of the daemon's memory (measured), and a picture is asked for again at
each start. What cannot be drawn or kept costs that picture.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import tray
from tray.desktop.icon.icon_state import SIZES, IconState, Picture, Theme, words_of
from tray.errors import TrayError
from tray.storage.atomic_files import private_directory, read_small, write_atomic
from tray.storage.file_mark import file_mark
from tray.system.paths import Paths
from tray.system.spawn import APART, module_command, worker_environment

log = logging.getLogger(__name__)

FOLDER: Final = "icons"
PATIENCE: Final = 20.0  # seconds for a picture; it takes a fifth of one

_PROGRAM: Final = "tray.desktop.icon.icon_drawing"
_MOST: Final = 100  # pictures kept, 43 kB each
_LENGTH: Final = sum(4 * size * size for size in SIZES)


class NotDrawn(Exception):
    """No picture; the text says why."""


class IconPictures:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = worker_environment(environ)
        self._folder = Paths.from_environment(environ).state / FOLDER / _edition()

    def kept(self, look: IconState, theme: Theme = "any") -> Picture | None:
        try:
            data = read_small(self._path(look, theme))
        except (OSError, TrayError):
            return None
        return _divided(data) if len(data) == _LENGTH else None

    async def picture(self, look: IconState, theme: Theme = "any") -> Picture:
        """Return a kept picture, or have it drawn; raises `NotDrawn`."""
        return self.kept(look, theme) or _divided(await self._drawn(look, theme))

    async def _drawn(self, look: IconState, theme: Theme) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *module_command(_PROGRAM, *words_of(look, theme)),
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                **APART,
            )
        except OSError as error:
            raise NotDrawn(error.strerror or type(error).__name__) from None
        try:
            async with asyncio.timeout(PATIENCE):
                data, _ = await process.communicate()
        except TimeoutError:
            raise NotDrawn("drawing takes too long") from None
        finally:
            if process.returncode is None:
                process.kill()
        if len(data) != _LENGTH:
            raise NotDrawn(f"drawing failed with exit code {process.returncode}")
        self._keep(self._path(look, theme), data)
        return data

    def _keep(self, path: Path, data: bytes) -> None:
        try:
            if not self._folder.is_dir() or len(list(self._folder.iterdir())) >= _MOST:
                import shutil  # a daemon mostly finds its pictures

                shutil.rmtree(self._folder.parent, ignore_errors=True)  # of other versions, too
            private_directory(self._folder)
            write_atomic(path, data)
        except (OSError, TrayError) as error:
            log.info("a picture cannot be kept (%s)", type(error).__name__)

    def _path(self, look: IconState, theme: Theme) -> Path:
        return self._folder / "-".join(words_of(look, theme))


def _divided(data: bytes) -> Picture:
    parts, start = {}, 0
    for size in SIZES:
        parts[size] = data[start : (start := start + 4 * size * size)]
    return parts


def _edition() -> str:
    """Name what draws: a version, and in a source tree when the drawing last changed."""
    here = Path(__file__)
    marks = [file_mark(here.with_name(name)) for name in ("icon_drawing.py", "icon_shapes.py")]
    changed = max((mark[-1] for mark in marks if mark is not None), default=0)
    return f"{tray.__version__}-{changed}"
