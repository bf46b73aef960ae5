"""Serve an Identity Center by hand: ``python -m tray.fake_aws --auto-approve``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import get_args

from tray.fake_aws.fake_options import DEFAULT_REGION, DEFAULT_START_URL, Rotation, many_accounts
from tray.fake_aws.identity_center import IdentityCenter


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tray.fake_aws",
        description="Serve an Identity Center on 127.0.0.1 and print the shell variables that "
        f"lead the AWS CLI and SDKs to it. Start URL {DEFAULT_START_URL} (any awsapps.com one "
        f"will do), region {DEFAULT_REGION}. Ends on SIGINT or SIGTERM.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one (default)")
    parser.add_argument("--region", default=DEFAULT_REGION)
    parser.add_argument("--user", default="ada", help="who signs in where no page asks")
    parser.add_argument("--auto-approve", action="store_true", help="ask nobody")
    parser.add_argument("--token-life", type=float, default=3600.0, metavar="SECONDS")
    parser.add_argument("--session-length", type=float, default=28_800.0, metavar="SECONDS")
    parser.add_argument("--role-life", type=float, default=3600.0, metavar="SECONDS")
    parser.add_argument("--registration-life", type=float, default=7_776_000.0, metavar="SECONDS")
    parser.add_argument("--revocation-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--rotation", choices=get_args(Rotation), default="grace")
    parser.add_argument("--outlive", action="store_true", help="tokens may outlive the session")
    parser.add_argument("--accounts", type=int, metavar="N", help="N accounts, not the usual two")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    center = IdentityCenter(
        port=options.port,
        region=options.region,
        start_urls={DEFAULT_START_URL: options.region},
        user=options.user,
        auto_approve=options.auto_approve,
        token_life=options.token_life,
        session_length=options.session_length,
        role_life=options.role_life,
        registration_life=options.registration_life,
        revocation_delay=options.revocation_delay,
        rotation=options.rotation,
        shorten_tokens=not options.outlive,
    )
    if options.accounts is not None:
        center.accounts = many_accounts(options.accounts)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        center.start()
    except OSError as error:
        sys.stderr.write(f"port {options.port}: {error.strerror}\n")
        return 1
    variables = " ".join(f"{name}={url}" for name, url in center.environment().items())
    sys.stdout.write(f"export {variables}\n")
    sys.stdout.flush()
    # In short waits: Windows delivers no signal during an endless one.
    while not stop.wait(0.5):
        pass
    center.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
