"""The daemon's half of ``apply``: a tick in the menu, and following what is active."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tray.daemon.managed_updates import ManagedUpdates
from tray.managed.section_plan import ManagedContext
from tray.storage.active_profile import record_active
from tray.system.paths import Paths

CONFIG = """\
[profile dev]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789011
sso_role_name = Dev

[profile plain]
credential_process = /bin/true
"""
OWN = "\n[default]\naws_access_key_id = AKIA\n"


def test_a_tick_lets_default_follow_or_says_why_not(tmp_path: Path) -> None:
    """A click that cannot be done is answered by file and line; one that can is seen at once."""
    paths = Paths.from_environment({"HOME": str(tmp_path)})
    paths.aws_config.parent.mkdir()
    paths.aws_config.write_text(CONFIG + OWN)
    record_active(paths.state, "dev")
    world = ManagedContext(paths, (), lambda: ("/usr/bin/python3", "/x/credentials.py"))
    told: list[str | None] = []
    drawn: list[bool] = []

    async def clicks() -> None:
        applying = ManagedUpdates(
            paths.state,
            lambda: world,
            post=lambda _: None,
            done=lambda: drawn.append("default" in applying.follows),
        )
        applying.let_follow("default", on=True, told=told.append)
        await applying.close()
        paths.aws_config.write_text(CONFIG)
        applying.let_follow("default", on=True, told=told.append)
        applying.follow()
        await applying.close()
        record_active(paths.state, "plain")
        applying.follow()
        await applying.close()
        drawn.append("credential_process = /usr/bin/python3" in paths.aws_config.read_text())
        applying.let_follow("default", on=False, told=told.append)
        await applying.close()

    asyncio.run(clicks())

    assert [f"{paths.aws_config}, line 10: [default] has aws_access_key_id", None, None] == [
        one and one.partition(", so")[0] for one in told
    ]
    assert [False, True, True, True, True, False] == drawn
    assert CONFIG == paths.aws_config.read_text()


def test_a_tick_writes_the_profile_that_asks_us_and_takes_it_out_again(tmp_path: Path) -> None:
    """A1: what `apply process` does is a tick in the menu, too."""
    paths = Paths.from_environment({"HOME": str(tmp_path)})
    paths.aws_config.parent.mkdir()
    paths.aws_config.write_text(CONFIG)
    world = ManagedContext(paths, (), lambda: ("/usr/bin/python3", "/x/credentials.py"))
    seen: list[tuple[str, bool]] = []
    told: list[str | None] = []

    async def clicks() -> None:
        applying = ManagedUpdates(
            paths.state,
            lambda: world,
            post=lambda _: None,
            done=lambda: None,
        )
        for on in (True, False):
            applying.let_follow("process", on=on, told=told.append)
            await applying.close()
            seen.append(
                (",".join(applying.follows), "[profile sso-tray]" in paths.aws_config.read_text())
            )

    asyncio.run(clicks())

    assert ([("process", True), ("", False)], [None, None]) == (seen, told)
    assert CONFIG == paths.aws_config.read_text()
