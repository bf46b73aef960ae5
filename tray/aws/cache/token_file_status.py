"""What one look at a token cache file shows the rules; no secret leaves it."""

from __future__ import annotations

from pathlib import Path

from tray.aws.cache.token_cache import read_token
from tray.core.events import FileAbsent, FileBad, FileTorn, FileUnread, TokenFileStatus
from tray.errors import CacheFileBad, CacheFileTorn, Unread
from tray.storage.atomic_files import reading


def look(path: Path, now: float) -> TokenFileStatus:
    """Look at a cache file once; its mtime stands for the moment of issue, never after `now`."""
    try:
        token = read_token(path)
        if token is None:
            return FileAbsent()
        with reading(path):
            written = path.stat().st_mtime
    except CacheFileTorn:
        return FileTorn()
    except Unread as unread:
        return FileUnread(unread.sentence)
    except CacheFileBad as bad:
        return FileBad(bad.reason or "bad-file", bad.sentence)
    except OSError:
        return FileAbsent()  # it went away between two system calls
    return token.facts(issued_at=min(written, now, token.expires_at))
