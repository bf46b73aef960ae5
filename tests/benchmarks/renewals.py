"""
Ten sessions due at once, against one: a shared worker renews them side by side.

Twice: what a worker that runs already takes, with a keyring that costs nothing; and what passes in
life, when the daemon has to start a worker first and GNOME Keyring keeps the refresh data. That
keyring answers one call after another, and a renewal makes some fifty of 0.3 ms: ten queue there.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tests.benchmarks.table import ROUNDS, Figure, median
from tests.keyring_session import keyring_session
from tests.worker.memory_backend import MemoryBackend
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.model import SsoSession
from tray.core.outcomes import Renewed, outcome_from_json
from tray.daemon.worker_pool import Pool
from tray.fake_aws.identity_center import IdentityCenter
from tray.secret import Secret
from tray.storage.settings import Settings
from tray.worker import job_table
from tray.worker.job_context import JobContext
from tray.worker.keyring.token_keyring import TokenKeyring
from tray.worker.worker_process import AT_ONCE

LATENCY = 0.05
"""Seconds the server takes for each answer, as AWS does."""
SESSIONS = 10


def measure() -> list[Figure]:
    """Renew one session and ten at once, in turns, in a process apart from the server's."""
    with keyring_session("unlocked") as keyring:
        parts = {
            "10 sessions due at once, a worker runs": _spent("worker", {}),
            "10 sessions due at once, none runs": _spent("resident", keyring.environ),
        }
    return [
        Figure(what, median(ten), "ms", "1 session", median(one), 1.3)
        for what, (one, ten) in parts.items()
    ]


def _spent(part: str, environ: Mapping[str, str]) -> tuple[list[float], list[float]]:
    """Measure one part; return the milliseconds of one session and of ten, a number a round."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        signed_in = [
            center.sign_in(f"https://s{number}.awsapps.com/start") for number in range(SESSIONS)
        ]
        tokens = [
            {
                "key": f"s{number}",
                "start_url": got.start_url,
                "region": got.region,
                "client_id": got.client_id,
                "client_secret": got.client_secret,
                "registration_ends": got.registration_expires_at,
                "access_token": got.access_token,
                "expires_at": got.expires_at,
                "refresh_token": got.refresh_token,
            }
            for number, got in enumerate(signed_in)
        ]
        center.fault("CreateToken", "delay", times=None, seconds=LATENCY)
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.renewals", part],
            env={**os.environ, **environ, **center.environment(), "HOME": folder},
            input=json.dumps(tokens),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    one, ten = json.loads(done.stdout)
    return one, ten


async def _resident() -> None:
    """Be the daemon: have the input's sessions renewed, each time by a worker not yet there."""
    context = JobContext.from_environment(os.environ)
    sessions = [_arranged(context, given) for given in json.load(sys.stdin)]
    spent: dict[int, list[float]] = {1: [], SESSIONS: []}
    for _ in range(ROUNDS):
        for count, times in spent.items():
            began = time.perf_counter()
            pool = Pool(os.environ, Settings, lambda _: None)
            asked = (
                pool.ask({"kind": "renew", "session": session.to_json()})
                for session in sessions[:count]
            )
            answers = await asyncio.gather(*asked)
            times.append((time.perf_counter() - began) * 1000)
            await pool.close()
            outcomes = [outcome_from_json(answer["outcome"]) for answer in answers]
            assert all(isinstance(outcome, Renewed) for outcome in outcomes), outcomes
    json.dump([spent[1], spent[SESSIONS]], sys.stdout)


def _worker() -> None:
    """Be the worker: renew what the input says, and print how long it took."""
    context = JobContext.from_environment(os.environ)
    context = replace(
        context, keyring_store=TokenKeyring("bench", context.paths.token_cache, MemoryBackend())
    )
    sessions = [_arranged(context, given) for given in json.load(sys.stdin)]
    spent: dict[int, list[float]] = {1: [], SESSIONS: []}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(ROUNDS):
            for count, times in spent.items():
                began = time.perf_counter()
                outcomes = list(
                    threads.map(lambda one: job_table.run("renew", one, context), sessions[:count])
                )
                times.append((time.perf_counter() - began) * 1000)
                assert all(isinstance(outcome, Renewed) for outcome in outcomes), outcomes
    json.dump([spent[1], spent[SESSIONS]], sys.stdout)


def _arranged(context: JobContext, given: dict[str, Any]) -> SsoSession:
    session = SsoSession(given["key"], given["start_url"], given["region"])
    registration = Registration(
        given["client_id"], Secret(given["client_secret"]), given["registration_ends"]
    )
    token = SsoToken(
        session.start_url,
        session.region,
        Secret(given["access_token"]),
        given["expires_at"],
        Secret(given["refresh_token"]),
        registration,
        time.time(),
    )
    context.records.change(session.key, store="keyring")
    context.keyring_store.store(session.key, token)
    context.publish_lean(session, token)
    return session


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        _worker()
    else:
        asyncio.run(_resident())
