"""
A token file held open while it is replaced: a program may still be writing into it (K4).

Not on Windows: no file is replaced there while anybody has it open, a writer or we ourselves.
"""

from __future__ import annotations

import os
import time

from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import parse_token
from tray.core import policy
from tray.core.model import SsoSession
from tray.errors import CacheFileBad, CacheFileTorn, Unread
from tray.storage.atomic_files import open_small, read_descriptor, read_small
from tray.system import WINDOWS
from tray.worker.job_context import JobContext, TokenFileChanged


class OpenTokenFile:
    def __init__(self, session: SsoSession, context: JobContext) -> None:
        self.path = context.file_of(session)
        self._session, self._context = session, context
        self._descriptor: int | None = None

    def __enter__(self) -> OpenTokenFile:
        """Open and read it, waiting while another program is writing it (K3)."""
        for left in reversed(range(policy.TORN_READS)):
            try:
                self._open()
            except Unread:
                if not left:
                    raise
                time.sleep(policy.TORN_DELAY)
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        try:
            self._descriptor, self.data = open_small(self.path)
        except FileNotFoundError:
            raise CacheFileTorn(f"{self.path} disappeared.") from None
        try:
            token = parse_token(self.data, str(self.path))
            self.token = self._context.dated(self._session, token, self._descriptor)
        except BaseException:
            self._close()
            raise
        if WINDOWS:
            self._close()

    def changed(self) -> bool:
        """Whether it holds something else now, by its name or by our descriptor."""
        try:
            if read_small(self.path) != self.data:
                return True
        except OSError:
            return True
        return self._descriptor is not None and read_descriptor(self._descriptor) != self.data

    def insist_unchanged(self) -> None:
        """The final check before the file is replaced; raises `TokenFileChanged`."""
        if self.changed():
            raise TokenFileChanged(self._session, None)

    def written_late(self) -> SsoToken | None:
        if self._descriptor is None:
            return None
        late = read_descriptor(self._descriptor)
        if late == self.data:
            return None
        try:
            token = parse_token(late, "the replaced token cache file")
        except (CacheFileTorn, CacheFileBad):
            return None
        self.data = late
        return self._context.dated(self._session, token, self._descriptor)
