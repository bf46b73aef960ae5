"""Whether AWS can be reached at all, asked before a browser is sent there (L4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from botocore.awsrequest import AWSRequest

from tray.aws.api.clients import AwsClients
from tray.aws.api.plain_http import plain_http
from tray.errors import TlsFailed

log = logging.getLogger(__name__)


def reach(clients: AwsClients, region: str) -> None:
    """Ask for anything, sending nothing of ours; Offline without an answer, RequestRefused."""
    url = clients.oidc(region).meta.endpoint_url

    def ask() -> Mapping[str, object]:
        with plain_http(clients, url) as http:
            http.send(AWSRequest(method="HEAD", url=url).prepare())
        return {}

    try:
        clients.call("HEAD", ask, {})
    except TlsFailed:
        # Reached; the browser and the next call judge the certificate.
        log.debug("%s is reached, its certificate is not judged here", region)
