"""Every file keeps to the architecture, and every rule is shown to catch what it forbids."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from tests.architecture import (
    LONGEST,
    MOST_MODULES,
    Import,
    Rule,
    code_lines,
    house_violations,
    imports,
    violations,
)

ROOT = Path(__file__).parents[1]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tray/**/*.py"))

BAD: tuple[tuple[Rule, str, str], ...] = (
    ("rooms", "tray/core/machine.py", "from tray.errors import OurBug"),
    ("rooms", "tray/core/machine.py", "from ..errors import OurBug"),
    ("rooms", "tray/core/machine.py", "from tray import secret"),
    ("rooms", "tray/core/machine.py", "def f():\n    import tray.aws.api.portal"),
    (
        "rooms",
        "tray/core/machine.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tray.secret import Secret",
    ),
    ("rooms", "tray/aws/api/portal.py", "from tray.worker import jobs"),
    ("rooms", "tray/aws/api/portal.py", "from tray.storage.settings import Settings"),
    ("rooms", "tray/aws/api/portal.py", "from tray.system import lock"),
    ("rooms", "tray/worker/job_table.py", "from tray.daemon.agent_server import Agent"),
    ("rooms", "tray/daemon/event_loop.py", "from tray.worker.job_table import run"),
    (
        "rooms",
        "tray/daemon/event_loop.py",
        "import importlib\nimportlib.import_module('tray.desktop')",
    ),
    ("rooms", "tray/desktop/menu/menu_tree_builder.py", "from ...worker import keyring"),
    ("rooms", "tray/daemon/app.py", "from tray.cli.main import main"),
    ("rooms", "tray/demo/demo_story.py", "import tray.cli"),
    ("rooms", "tray/fake_aws/http/http_server.py", "from tray.secret import Secret"),
    (
        "rooms",
        "tray/worker/job_table.py",
        "from tray.fake_aws.identity_center import IdentityCenter",
    ),
    ("rooms", "tray/credential_helper/credentials.py", "from tray.system import paths"),
    ("rooms", "tray/storage/atomic_files.py", "from tray.worker import jobs"),
    ("rooms", "tray/ipc/agent_client.py", "from tray.daemon import loop"),
    ("rooms", "tray/worker/job_table.py", "from tray.ipc.agent_client import Agent"),
    ("rooms", "tray/__init__.py", "from tray.core.model import State"),
    ("rooms", "tray/attic/box.py", ""),
    ("pure-core", "tray/core/policy.py", "import os"),
    ("pure-core", "tray/core/policy.py", "import time"),
    ("pure-core", "tray/core/policy.py", "from io import StringIO"),
    ("pure-core", "tray/core/policy.py", "import urllib.request"),
    ("pure-core", "tray/core/policy.py", "def f():\n    from pathlib import Path"),
    (
        "pure-core",
        "tray/core/views/view.py",
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
    ),
    ("pure-core", "tray/core/views/view.py", "import datetime\ndatetime.date.today()"),
    ("pure-core", "tray/core/views/view.py", "open('x')"),
    ("third-party", "tray/daemon/file_watch.py", "import boto3"),
    ("third-party", "tray/daemon/file_watch.py", "def f():\n    import click"),
    ("third-party", "tray/daemon/file_watch.py", "import keyring.backends"),
    ("third-party", "tray/daemon/app.py", "from plyer import notification"),
    ("third-party", "tray/cli/whoami.py", "from botocore.exceptions import ClientError"),
    ("third-party", "tray/worker/job_table.py", "import keyring"),
    ("third-party", "tray/worker/menu.py", "from PIL import Image"),
    ("third-party", "tray/daemon/app.py", "import pystray"),
    ("stdlib-only", "tray/credential_helper/credentials.py", "import platformdirs"),
    ("stdlib-only", "tray/fake_aws/http/http_server.py", "import requests"),
    ("which-os", "tray/daemon/file_watch.py", "import sys\nif sys.platform == 'linux': f()"),
    ("which-os", "tray/daemon/worker_pool.py", "import os\nwindows = os.name == 'nt'"),
    ("which-os", "tray/desktop/icon/icon_drawing.py", "import platform\nplatform.system()"),
    ("which-os", "tray/desktop/icon/icon_drawing.py", "from sys import platform"),
    ("swallowed", "tray/daemon/worker_pool.py", "try:\n    f()\nexcept OSError:\n    pass"),
    ("swallowed", "tray/daemon/worker_pool.py", "try:\n    f()\nexcept:\n    ..."),
    (
        "swallowed",
        "tray/daemon/worker_pool.py",
        "import contextlib\nwith contextlib.suppress(Exception): f()",
    ),
    ("bare-mkdir", "tray/storage/logs.py", "path.parent.mkdir(parents=True)"),
    ("bare-mkdir", "tray/cli/main.py", "import os\nos.makedirs('x', exist_ok=True)"),
    ("bare-mkdir", "tray/cli/main.py", "from os import makedirs\nmakedirs('x')"),
    ("one-server", "tray/cli/console_command.py", "import socket\nsocket.create_server(a)"),
    ("one-server", "tray/cli/console_command.py", "listener.listen(5)"),
    ("one-server", "tray/daemon/app.py", "from asyncio import start_server\nstart_server(f)"),
    ("one-server", "tray/cli/add/role_picker.py", "from http.server import HTTPServer"),
    ("too-long", "tray/aws/api/portal.py", "f()\n" * (LONGEST + 1)),
    ("re-export", "tray/aws/api/portal.py", "from tray.aws.api.sts import caller"),
    (
        "re-export",
        "tray/aws/api/portal.py",
        "from tray.aws.api import sts\n__all__ = ['caller']\ncaller = sts.caller",
    ),
    (
        "re-export",
        "tray/fake_aws/__init__.py",
        "from tray.fake_aws.identity_center import IdentityCenter",
    ),
    (
        "re-export",
        "tray/worker/job_runner.py",
        "from tray.worker.job_table import run\nif __name__ == '__main__':\n    run()",
    ),
)

BAD_HOUSES: tuple[tuple[Rule, dict[str, str]], ...] = (
    ("crowded", {f"tray/aws/m{number}.py": "" for number in range(MOST_MODULES + 1)}),
    ("same-name", {"tray/aws/files.py": "", "tray/worker/files.py": ""}),
    ("circle", {"tray/aws/a.py": "from tray.aws import b", "tray/aws/b.py": "import tray.aws.a"}),
    (
        "circle",
        {
            "tray/aws/a.py": "from tray.aws.b import f",
            "tray/aws/b.py": "def f():\n    from . import c",
            "tray/aws/c.py": "import importlib\nimportlib.import_module('tray.aws.a')",
        },
    ),
)

GOOD: tuple[tuple[str, str], ...] = (
    ("tray/core/machine.py", "from tray.core.model import State\nfrom . import policy"),
    (
        "tray/core/views/view.py",
        "from datetime import datetime\nfrom urllib.parse import urlsplit",
    ),
    ("tray/aws/api/portal.py", "import boto3\nfrom tray.errors import Offline"),
    ("tray/worker/keyring/token_keyring.py", "import keyring"),
    ("tray/worker/keyring/secret_service.py", "import keyring\nfrom tray.system import lock"),
    (
        "tray/daemon/app.py",
        "from tray.daemon.worker_pool import Pool\nfrom tray.desktop import menu",
    ),
    ("tray/daemon/agent_server.py", "from tray import __version__"),
    ("tray/system/lock/file_lock.py", "import sys\nif sys.platform == 'win32': import msvcrt"),
    ("tray/credential_helper/credentials.py", "import os\nwindows = os.name == 'nt'"),
    ("tray/cli/main.py", "import click\nfrom tray.demo.demo_story import run"),
    ("tray/__main__.py", "from tray.cli.main import main"),
    (
        "tray/storage/atomic_files.py",
        "try:\n    f()\nexcept OSError:\n    g()\nx = 1\n" * ((LONGEST - 1) // 5),
    ),
    (
        "tray/storage/atomic_files.py",
        "from contextlib import suppress\nwith suppress(FileNotFoundError): f()",
    ),
)


@pytest.mark.parametrize("path", FILES)
def test_every_file_keeps_to_its_room(path: str) -> None:
    """No file of the program breaks an architectural rule."""
    source = (ROOT / path).read_text(encoding="utf-8")

    assert [] == [str(violation) for violation in violations(path, source)]


@pytest.mark.parametrize(("rule", "path", "source"), BAD)
def test_a_rule_catches_what_it_forbids(rule: Rule, path: str, source: str) -> None:
    """Each bad sample breaks the rule it stands for, and no other."""
    whole = source if rule == "re-export" else f"{source}\nused()\n"

    assert {rule} == {violation.rule for violation in violations(path, whole)}


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    """The rules leave alone what the design allows."""
    assert [] == violations(path, f"{source}\nused()\n")


def test_all_files_together_keep_to_the_house() -> None:
    """No crowded folder, no file name used twice, no import circle."""
    sources = {path: (ROOT / path).read_text(encoding="utf-8") for path in FILES}

    assert [] == [str(violation) for violation in house_violations(sources)]


@pytest.mark.parametrize(("rule", "sources"), BAD_HOUSES)
def test_a_rule_of_the_house_catches_what_it_forbids(rule: Rule, sources: dict[str, str]) -> None:
    """Each bad set of files breaks the rule it stands for, once, and no other."""
    assert [rule] == [violation.rule for violation in house_violations(sources)]


def test_a_good_house_passes() -> None:
    """A full folder, packages alike and imports for types only are left alone."""
    full = {f"tray/aws/m{number}.py": "" for number in range(MOST_MODULES)}
    packages = {"tray/aws/__init__.py": "", "tray/worker/__init__.py": ""}
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tray.worker import b"
    pair = {"tray/worker/a.py": typed, "tray/worker/b.py": "from tray.worker import a"}

    assert [] == house_violations(full | packages | pair)


def test_declarations_are_no_code() -> None:
    """Fields and constants may be listed at any length; a function among them counts as ever."""
    fields = "@dataclass\nclass A:\n    x: int\n    y: int = 1\n"
    method = "class B:\n    x: int\n    def f(self):\n        return self.x\n"

    counted = [code_lines(text) for text in (fields, method, "X = {\n    1: 2,\n}\n", "f()\n")]

    assert [0, 4, 0, 1] == counted


def test_no_rule_stands_without_a_bad_sample() -> None:
    """A rule that no sample breaks would prove nothing."""
    assert set(get_args(Rule)) == {rule for rule, *_ in (*BAD, *BAD_HOUSES)}


def test_the_program_itself_is_looked_at() -> None:
    """The search for files finds the rooms, so that an empty list never passes as clean."""
    assert {"tray/__init__.py", "tray/errors.py", "tray/core/model.py"} <= set(FILES)


def test_imports_are_found_wherever_they_stand() -> None:
    """Imports in functions, for types only, relative and by literal name are all seen."""
    source = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    import a.b\n"
        "def f():\n"
        "    from .. import c\n"
        "    return __import__('d')\n"
    )

    found = list(imports(ast.parse(source), package="tray.core"))

    assert [
        Import("typing.TYPE_CHECKING", 1),
        Import("a.b", 3, typing_only=True),
        Import("tray.c", 5),
        Import("d", 6),
    ] == found
