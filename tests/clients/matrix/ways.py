"""The ways in which a client can be given a profile's credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.clients.matrix.moments import UNDER_ENDPOINT, Ask, served
from tests.clients.matrix.stage import TRAY, Stage, who
from tray.fake_aws.fake_options import DEFAULT_REGION


def _profile(on: Stage) -> str:
    return who(on.once(AWS_PROFILE="dev"))


def _default(on: Stage) -> str:
    on.tray("use", "dev")
    on.tray("apply", "default")
    return who(on.once())


def _helper(on: Stage) -> str:
    on.tray("use", "dev")
    on.tray("apply", "process")
    return who(on.once(AWS_PROFILE="sso-tray"))


def _exec(on: Stage) -> str:
    return who(on.once(under=(*TRAY, "exec", "--profile", "dev", "--")))


def _exec_endpoint(on: Stage) -> str:
    with on.asking(under=UNDER_ENDPOINT) as question:
        return served(question)


def _endpoint(on: Stage) -> str:
    with on.endpoint("dev") as variables:
        region = {"AWS_REGION": DEFAULT_REGION, "AWS_DEFAULT_REGION": DEFAULT_REGION}
        with on.asking(**variables, **region) as question:
            return served(question)


def signed_in(ask: Ask) -> Ask:
    """Sign in before it, for an hour."""

    def also(on: Stage) -> str:
        on.desk.keep("lean", minutes=60)
        return ask(on)

    return also


WAYS: Final[Mapping[str, Ask]] = {
    "SSO profile": _profile,
    "apply default": _default,
    "credential helper": _helper,
    "exec": _exec,
    "exec --endpoint": _exec_endpoint,
    "endpoint": _endpoint,
}
