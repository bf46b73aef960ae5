from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

from tests.daemon.living import daemon, home_with
from tray.aws.cache.token_cache import cache_path
from tray.core.text.timestamps import format_timestamp
from tray.demo.demo_story import CONFIG, SESSION, START_URL
from tray.fake_aws.identity_center import IdentityCenter

ROOT = Path(__file__).parents[2]
AT_ONCE = 10
MANY = 100


def test_fault_65_of_ten_residents_at_once_one_stays(tmp_path: Path) -> None:
    """A login manager and an impatient person: one serves, the others end well and say so."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **home_with(tmp_path, CONFIG)}
    command = [sys.executable, "-m", "tray.daemon", "--no-icon"]
    started = [
        subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
        for _ in range(AT_ONCE)
    ]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        said = [threads.submit(process.communicate) for process in started]
        gone = [ended.result()[1] for ended in islice(as_completed(said), AT_ONCE - 1)]
        living = [process for process in started if process.poll() is None]
        for process in living:
            process.terminate()

    assert ["SSO Tray is already running.\n"] * (AT_ONCE - 1) == gone
    assert [1, 0] == [len(living), *{process.returncode for process in started}]


def test_fault_69_a_hundred_ask_for_credentials_at_once(tmp_path: Path) -> None:
    """The portal is asked once, and everybody gets the whole answer."""
    with IdentityCenter() as center:
        environ = home_with(tmp_path, CONFIG, **center.environment())
        given = center.sign_in(START_URL)
        file = cache_path(Path(environ["HOME"]) / ".aws/sso/cache", SESSION)
        file.parent.mkdir(parents=True)
        file.write_text(
            json.dumps(
                {
                    "startUrl": given.start_url,
                    "region": given.region,
                    "accessToken": given.access_token,
                    "expiresAt": format_timestamp(given.expires_at),
                }
            )
        )
        with daemon(environ) as living:
            living.until_state(SESSION, "signed-in")
            held = center.fault("GetRoleCredentials", "late", seconds=0.5)
            profile = living.session(SESSION)["profiles"][0]
            with ThreadPoolExecutor(MANY) as threads:
                answers = list(
                    threads.map(lambda _: living.ask("credentials", profile=profile), range(MANY))
                )

        assert {0} == {answer["exit"] for answer in answers}
        assert 1 == len({json.dumps(answer["credentials"]) for answer in answers})
        assert (1, 1) == (center.count("GetRoleCredentials"), held.hits)
