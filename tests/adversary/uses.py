"""The four uses of the loopback server, each with the request that is right there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.home import home_variables
from tests.worker.loopback import STATE, port_of, request, send, target
from tray.aws.config.catalog import CatalogReader
from tray.aws.config.config_files import ConfigFiles
from tray.cli.command_context import CommandContext
from tray.cli.console_command import Redirect
from tray.cli.exec.credential_endpoint import Endpoint
from tray.core.model import Profile
from tray.core.text.timestamps import format_timestamp
from tray.page.live_news import LiveNews
from tray.page.page_server import PageServer
from tray.secret import Secret
from tray.system.paths import Paths
from tray.worker.sign_in import sign_in_pages
from tray.worker.sign_in.callback import CallbackServer

SECRET = "wJalrXUtnFEMI-invented"


@dataclass
class Use:
    """
    A server that runs.

    Args:
        port: of the server.
        right: returns the right request.
        expected: the status it is answered with; the console page's first is answered with 302.
        reported: what has been said of other users.
    """

    port: int
    right: Callable[[], bytes]
    expected: tuple[int, ...]
    reported: list[str] = field(default_factory=list)


def document() -> dict[str, Any]:
    """Return role credentials that are good for long."""
    return {
        "Version": 1,
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": SECRET,
        "SessionToken": "token",
        "Expiration": format_timestamp(4_000_000_000.0),
    }


@contextmanager
def callback(folder: Path) -> Iterator[Use]:
    """Run a sign-in's server, whose sign-in is over for the sake of an answer."""
    reported: list[str] = []
    with CallbackServer("corp", STATE, report=reported.append) as server:
        server.finish(sign_in_pages.success("corp", renews=True))
        port = port_of(server)
        yield Use(port, lambda: request(port, target()), (200,), reported)


@contextmanager
def endpoint(folder: Path) -> Iterator[Use]:
    """Run the endpoint of ``exec --endpoint``."""
    reported: list[str] = []
    with Endpoint(
        lambda: Profile("dev"),
        lambda _: None,
        lambda _: document(),
        document=document(),
        report=reported.append,
    ) as server:
        given = server.variables(folder / "token")
        url = urlsplit(given["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        header = f"Authorization: {given['AWS_CONTAINER_AUTHORIZATION_TOKEN']}\r\n"
        port = url.port or 0
        yield Use(port, lambda: request(port, url.path, headers=header), (200,), reported)


@contextmanager
def console(folder: Path) -> Iterator[Use]:
    """Run the page that leads to the console."""
    reported: list[str] = []
    with Redirect(Secret(f"data:,{SECRET}"), report=reported.append) as redirect:
        page = urlsplit(redirect.page)
        port = page.port or 0
        yield Use(port, lambda: request(port, page.path), (302, 410), reported)


@contextmanager
def page(folder: Path) -> Iterator[Use]:
    """Run the accounts page's server, which its link has opened."""
    reported: list[str] = []
    environ = home_variables(folder)
    reader = CatalogReader(ConfigFiles.from_environment(environ))
    news = LiveNews(CommandContext(environ, Paths.from_environment(environ), reader))
    with PageServer(
        {"accounts": lambda _: {"secret": SECRET}}, {}, news, reported.append
    ) as server:
        link = urlsplit(server.link("accounts"))
        port = link.port or 0
        body = json.dumps({"secret": link.fragment.rpartition("=")[2]})
        headers = (
            f"Origin: http://{link.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        enter = request(port, "/api/enter", method="POST", headers=headers)
        bearer = json.loads(send(port, enter + body.encode()).body)["bearer"]
        header = f"Authorization: Bearer {bearer}\r\n"
        yield Use(port, lambda: request(port, "/api/accounts", headers=header), (200,), reported)


USES = {"callback": callback, "endpoint": endpoint, "console": console, "page": page}
