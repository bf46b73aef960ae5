"""What the tests of the keyring share: tokens, and vaults over a keyring in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.worker.memory_backend import MemoryBackend
from tray.aws.cache.sso_token import Registration, SsoToken
from tray.core.lineage import Lineage
from tray.core.model import SsoSession
from tray.secret import Secret
from tray.worker.keyring.item_document import KeyringItem
from tray.worker.keyring.keyring_backends import NoBackend
from tray.worker.keyring.keyring_timeout import Patience
from tray.worker.keyring.token_keyring import TokenKeyring

PATIENCE = 60.0
CORP = SsoSession("corp", "https://corp.awsapps.com/start", "eu-west-1")
CANARY = "canary-of-a-refresh-token"

# Every kind of keyring: an item whole, split in parts, deleted before it is added.
BACKENDS: dict[str, Callable[[], MemoryBackend]] = {
    "whole": MemoryBackend,
    "split": lambda: MemoryBackend(max_chars=1280),
    "deletes-first": lambda: MemoryBackend(deletes_first=True),
}


def token(number: int, *, length: int = 800) -> SsoToken:
    """Return one sign-in's tokens, told apart by a number and as long as real ones may be."""
    return SsoToken(
        CORP.start_url,
        CORP.region,
        Secret(f"access-{number}-" + "x" * length),
        2e9 + number,
        refresh_token=Secret(f"{CANARY}-{number}-" + "y" * length),
        registration=Registration("id", Secret("z" * length), 2.1e9, ("sso:account:access",)),
        issued_at=1.9e9,
        extra={"note": "ümläut"},
    )


def keyring_store(
    backend: MemoryBackend | NoBackend, *, read_seconds: float = 5.0, write_seconds: float = 10.0
) -> TokenKeyring:
    """Return a keyring over a backend, as a fresh process would."""
    return TokenKeyring(
        "sso-tray",
        Path("/home/ann/.aws/sso/cache"),
        backend,
        patience=Patience(),
        read_seconds=read_seconds,
        write_seconds=write_seconds,
    )


def item(token: SsoToken, generation: int = 1) -> KeyringItem:
    """Return the item of a token that came after no other."""
    return KeyringItem(token, Lineage((token.pair,)), generation=generation)
