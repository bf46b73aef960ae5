"""A pick in the menu is what the next program of the user's is, once that was clicked for, too."""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser

from tests.desk import until
from tests.desktop.person import CONFIG, Person, person

WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'].split('/')[1])"


def bare(who: Person) -> str:
    """Ask a bare boto3, in a process of its own, which role it has."""
    done = subprocess.run(
        [sys.executable, "-c", WHO],
        env={**who.environ, "AWS_REGION": "eu-west-1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split("_")[1]


def followed(who: Person) -> str:
    """Return the role that the config's ``[default]`` names."""
    config = ConfigParser()
    config.read(who.home / ".aws/config")
    return config.get("default", "sso_role_name", fallback="")


def test_a_pick_in_the_menu_makes_a_bare_client_that_role() -> None:
    """A3: one click lets it follow, each further pick turns it, one more click leaves no trace."""
    with person() as who:
        who.sees_icon("signed-out")
        who.click_on("corp", "Sign in")
        who.living.until_state("corp", "signed-in")
        who.click_on("No active profile", "dev")
        who.living.until(lambda one: one.get("status", {}).get("active_profile") == "dev")
        before = (who.home / ".aws/config").read_text()

        who.click_on("Use this profile as the AWS default", picture="bare-1-offer")
        who.living.until(lambda one: one.get("status", {}).get("applies") == ["default"])
        first = bare(who)
        seen = len(who.living.messages)
        who.click_on("Profile: dev", "staging_eu")
        who.living.until(
            lambda one: one.get("status", {}).get("active_profile") == "staging_eu", since=seen
        )
        until(lambda: followed(who) == "ReadOnly", "[default] to follow")
        second = bare(who)
        who.click_on("Settings", "Use the active profile as the AWS default", picture="bare-2-off")
        until(lambda: (who.home / ".aws/config").read_text() == CONFIG, "the config as it was")

    assert ("FullAccess", "ReadOnly", CONFIG) == (first, second, before)
