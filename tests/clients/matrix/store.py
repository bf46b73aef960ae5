"""An object store on loopback that has nothing, and tells whose key a request was signed with."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_KEY: Final = re.compile(r"Credential=(\w+)/|[?&]key=(\w+)")
_NOTHING: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>
<Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
</ListBucketResult>"""


@contextmanager
def object_store(account_of: Callable[[str], str | None]) -> Iterator[str]:
    """
    Serve it until the end of the block; yields its URL.

    ``GET /?whose`` answers ``{"account": ...}`` of the last request before it, and forgets that.

    Args:
        account_of: the account of an access key, or None for a key that nobody gave out.
    """
    last: list[str | None] = [None]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith("?whose"):
                account, last[0] = last[0], None
                self._answer(200, json.dumps({"account": account}).encode())
                return
            self._note()
            listing = "list-type" in self.path or "key=" in self.path
            self._answer(200 if listing else 404, _NOTHING if "list-type" in self.path else b"{}")

        def do_HEAD(self) -> None:
            self._note()
            self._answer(404, b"")

        def _note(self) -> None:
            found = _KEY.search(f"{self.headers.get('Authorization', '')} {self.path}")
            if found is not None:
                last[0] = account_of(found[1] or found[2])

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
