"""What killed processes of ours left wherever we write is removed at each start (fault 1)."""

from __future__ import annotations

import logging

from tray.storage.atomic_files import remove_stale_temps
from tray.storage.private_folder import sweep
from tray.system.paths import Paths

log = logging.getLogger(__name__)


def tidy(paths: Paths) -> None:
    """Remove stale temporary files beside the files we write; what cannot be read is told."""
    for place in (paths.token_cache, paths.aws_config.parent, paths.state):
        try:
            remove_stale_temps(place)
        except OSError as error:
            log.info("%s cannot be tidied (%s)", place, error.strerror)
    for place in (paths.state, paths.runtime_sockets[0].parent):
        sweep(place)
