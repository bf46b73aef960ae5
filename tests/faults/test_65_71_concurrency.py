from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.resident.living import home_with, resident
from tray.aws.timestamps import format_timestamp
from tray.aws.token_cache import cache_path
from tray.demo import CONFIG, SESSION, START_URL
from tray.identity_center import IdentityCenter

MANY = 100


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
        with resident(environ) as living:
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
