"""Credentials in the last second of a token, whose file rounds its end down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.world import CORP, World
from tray.core.model import Profile
from tray.errors import SignInNeeded
from tray.worker.profile_credentials import role_credentials

DEV = Profile("dev", kind="sso", session="corp", account_id="123456789011", role_name="FullAccess")


def test_within_the_last_second_aws_decides(world: World) -> None:
    """Nobody is sent to sign in while the token still works; a second later nothing is asked."""
    end = world.keep_in_file().expires_at // 1

    given = role_credentials(CORP, DEV, replace(world.context, clock=lambda: end + 0.9))
    with pytest.raises(SignInNeeded):
        role_credentials(CORP, DEV, replace(world.context, clock=lambda: end + 1))

    assert "123456789011" == given.account_id
