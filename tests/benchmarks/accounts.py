"""The index of 500 accounts of ten roles: searching it, using it by words, what it costs."""

from __future__ import annotations

import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.table import BUDGET, ROUNDS, Figure, median
from tests.cli.stage import CONFIG, PATIENCE, Stage
from tray.core.accounts.account_index import ListedAccount, SessionAccounts, role_rows
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog, SsoSession
from tray.fake_aws.fake_options import DEFAULT_START_URL, many_accounts
from tray.fake_aws.identity_center import IdentityCenter
from tray.ipc.agent_client import AgentClient
from tray.storage.account_records import change_index, record_use
from tray.system.paths import Paths, world

ACCOUNTS, ROLES = 500, 10
QUERIES = ("data admin", "prod", "0042 read", "nothing")
MOST_MEMORY = 1024.0
"""kB that the daemon grows by."""

CORP = SsoSession("corp", DEFAULT_START_URL, "us-east-1")


def measure() -> list[Figure]:
    """Search in this process; commands and the daemon in theirs."""
    return [*_first_listing(), *_searches(), *_by_words(), _memory()]


def _first_listing() -> list[Figure]:
    """List the whole organisation from a command, as a person does who has just signed in."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        center.accounts = many_accounts(ACCOUNTS, tuple(f"Role{n}" for n in range(ROLES)))
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        before = time.perf_counter()
        done = stage.tray("accounts", "--refresh", "--json")
        spent = time.perf_counter() - before
        assert ACCOUNTS * ROLES == len(done.json()["roles"])
    calls = float(center.count("ListAccounts") + center.count("ListAccountRoles"))
    what = f"first listing of {ACCOUNTS * ROLES:,} roles"
    return [
        Figure(what, spent, "s", "", None, None),
        Figure(f"{what}, calls", calls, "", BUDGET, None, ACCOUNTS + ACCOUNTS / 100),
    ]


def listed(count: int = ACCOUNTS) -> SessionAccounts:
    """Return accounts of ten roles each, as the portal lists them."""
    kinds = ("Data", "Web", "Prod", "Sandbox")
    tasks = ("Admin", "Read", "Ops", "Audit", "Dev")
    roles = tuple(f"{kind}{task}" for kind in ("Data", "Net") for task in tasks)
    accounts = tuple(
        ListedAccount(
            f"{200_000_000_000 + number}",
            f"Team {kinds[number % 4]} {number:04d} eu-west-{number % 3}",
            f"aws+{number}@example.com",
            roles[:ROLES],
        )
        for number in range(count)
    )
    return SessionAccounts(CORP.start_url, CORP.region, time.time(), accounts)


def _searches() -> list[Figure]:
    """Hold each search against one `str.find` over the same names, for a word that is nowhere."""
    rows = role_rows({"corp": listed()}, Catalog((CORP,)), ())
    search, text = RoleSearch(rows), "\n".join(map(_names, rows))
    figures = []
    for words in QUERIES:
        ours, theirs = _in_turns(partial(search.find, words), partial(text.find, "nowhere"))
        what = f'search "{words}" in {len(rows):,} roles'
        figures.append(Figure(what, ours, "ms", "one str.find", theirs, 3.0))
    return figures


def _names(row: RoleRow) -> str:
    return f"{row.account_name} {row.account_id} {row.role_name} {row.session}".casefold()


def _in_turns(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(10 * ROUNDS):
        for times, call in zip(spent, (ours, theirs), strict=True):
            before = time.perf_counter()
            call()
            times.append((time.perf_counter() - before) * 1000)
    # The least of many: what else the machine does is in the median.
    return min(spent[0]), min(spent[1])


def _by_words() -> list[Figure]:
    """Switch by words and by name, in turns, at a terminal, beside a daemon."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        profile = "[profile data-admin]\nsso_session = corp\nsso_account_id = 200000000000\n"
        stage.config.write_text(f"{CONFIG}\n{profile}sso_role_name = DataAdmin\n")
        stage.signed_in_by_cli()
        change_index(stage.state, "corp", lambda _: listed())
        with stage.daemon():
            _at_terminal(stage, "use", "dev")
            spent: dict[tuple[str, ...], list[float]] = {
                ("data", "admin"): [],
                ("data-admin",): [],
            }
            for _ in range(ROUNDS):
                for words, times in spent.items():
                    times.append(_at_terminal(stage, "use", *words))
    by_words, by_name = (median(times) for times in spent.values())
    return [Figure("use data admin, CPU", by_words, "ms", "use NAME", by_name, 1.2)]


def _at_terminal(stage: Stage, *line: str) -> float:
    """Return the milliseconds of CPU of a command whose streams are a terminal."""
    program = str(Path(sys.executable).with_name("sso-tray"))
    environ = {name: value for name, value in stage.environ.items() if name != "PYTHONPATH"}
    master, slave = pty.openpty()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [program, *line], env=environ, cwd=stage.home, stdin=slave, stdout=slave, stderr=slave,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    os.close(slave)
    os.close(master)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def _memory() -> Figure:
    """Return by how much a daemon is larger with the index than one without, both asked once."""
    grown = []
    for _ in range(3):
        with_it, without = _own_memory(indexed=True), _own_memory(indexed=False)
        grown.append(with_it - without)
    what = f"daemon, {ACCOUNTS * ROLES:,} roles more"
    return Figure(what, statistics.median(grown), "kB", BUDGET, None, MOST_MEMORY)


def _own_memory(*, indexed: bool) -> float:
    with tempfile.TemporaryDirectory() as folder, IdentityCenter() as center:
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        if indexed:
            change_index(stage.state, "corp", lambda _: listed())
            record_use(stage.state, time.time())
        with stage.daemon() as process:
            _found(stage, ("find", "data admin"), ("find", "zzz"))
            return _uss(process.pid)


def _found(stage: Stage, *questions: Sequence[str]) -> None:
    paths = Paths.from_environment(stage.environ)
    for op, words in questions:
        with AgentClient(paths.runtime_sockets, world(stage.environ)) as agent:
            agent.done(op, profile=words)


def _uss(process: int) -> float:
    """Return the kB that are a process's own."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return float(
        sum(int(line.split()[1]) for line in lines if line.startswith(("Private_C", "Private_D")))
    )
