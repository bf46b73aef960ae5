"""A token file held open while it is replaced: a program may still be writing into it (K4)."""

from __future__ import annotations

import os
import time

from tray.aws.cache.sso_token import SsoToken
from tray.aws.cache.token_cache import parse_token
from tray.core import policy
from tray.core.model import SsoSession
from tray.errors import CacheFileBad, CacheFileTorn, Unread
from tray.storage.atomic_files import open_small, read_descriptor
from tray.worker.job_context import JobContext, TokenFileChanged


class OpenTokenFile:
    def __init__(self, session: SsoSession, context: JobContext) -> None:
        self.path = context.file_of(session)
        self._session, self._context = session, context
        self.descriptor = -1

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
        os.close(self.descriptor)

    def _open(self) -> None:
        try:
            self.descriptor, self.data = open_small(self.path)
        except FileNotFoundError:
            msg = f"{self.path} disappeared."
            raise CacheFileTorn(msg) from None
        try:
            token = parse_token(self.data, str(self.path))
        except BaseException:
            os.close(self.descriptor)
            raise
        self.token = self._context.dated(self._session, token, self.descriptor)

    def changed(self) -> bool:
        """Whether it holds something else now, by its name or by our descriptor."""
        try:
            again, by_name = open_small(self.path)
        except OSError:
            return True
        os.close(again)
        return by_name != self.data or read_descriptor(self.descriptor) != self.data

    def insist_unchanged(self) -> None:
        """The final check before the file is replaced; raises `TokenFileChanged`."""
        if self.changed():
            raise TokenFileChanged(self._session, None)

    def written_late(self) -> SsoToken | None:
        late = read_descriptor(self.descriptor)
        if late == self.data:
            return None
        try:
            token = parse_token(late, "the replaced token cache file")
        except (CacheFileTorn, CacheFileBad):
            return None
        self.data = late
        return self._context.dated(self._session, token, self.descriptor)
