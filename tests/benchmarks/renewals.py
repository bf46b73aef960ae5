"""Ten sessions due at once, against one: a shared worker renews them side by side."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from tests.benchmarks.table import ROUNDS, Figure, median
from tests.worker.memory_backend import MemoryBackend
from tray.aws.sso_token import Registration, SsoToken
from tray.core.events import Renewed
from tray.core.model import SsoSession
from tray.identity_center import IdentityCenter
from tray.secret import Secret
from tray.worker import jobs
from tray.worker.tools import Tools
from tray.worker.vault import Vault

LATENCY = 0.05
"""Seconds the server takes for each answer, as AWS does."""


def measure() -> list[Figure]:
    """Renew one session and ten at once, in turns; medians."""
    with _renewing() as (tools, sessions):
        one: list[float] = []
        ten: list[float] = []
        with ThreadPoolExecutor(16) as threads:
            for _ in range(ROUNDS):
                for count, spent in ((1, one), (10, ten)):
                    began = time.perf_counter()
                    outcomes = list(
                        threads.map(lambda one: jobs.run("renew", one, tools), sessions[:count])
                    )
                    spent.append((time.perf_counter() - began) * 1000)
                    assert all(isinstance(outcome, Renewed) for outcome in outcomes), outcomes
    return [Figure("10 sessions due at once", median(ten), "ms", "1 session", median(one), 1.3)]


@contextmanager
def _renewing() -> Iterator[tuple[Tools, list[SsoSession]]]:
    """Make ten signed-in sessions against a server that answers after 50 ms."""
    sessions = [
        SsoSession(f"s{number}", f"https://s{number}.awsapps.com/start", "eu-west-2")
        for number in range(10)
    ]
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        environ = center.environment() | {"HOME": folder, "AWS_EC2_METADATA_DISABLED": "true"}
        before = dict(os.environ)
        os.environ.update(environ)
        try:
            tools = Tools.from_environment(dict(os.environ) | environ)
            backend = MemoryBackend()
            tools = replace(tools, vault=Vault("bench", tools.paths.token_cache, backend))
            for session in sessions:
                _sign_in(tools, center, session)
            center.fault("CreateToken", "delay", times=None, seconds=LATENCY)
            yield tools, sessions
        finally:
            os.environ.clear()
            os.environ.update(before)


def _sign_in(tools: Tools, center: IdentityCenter, session: SsoSession) -> None:
    got = center.sign_in(session.start_url)
    registration = Registration(
        got.client_id, Secret(got.client_secret), got.registration_expires_at
    )
    token = SsoToken(
        session.start_url,
        session.region,
        Secret(got.access_token),
        got.expires_at,
        Secret(got.refresh_token or ""),
        registration,
        time.time(),
    )
    tools.records.change(session.key, keeper="keyring")
    tools.vault.store(session.key, token)
    tools.publish_lean(session, token)
