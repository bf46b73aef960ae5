"""Role credentials, and the document that programs read them in."""

from __future__ import annotations

import re
from typing import Any, Final

from tray.core.text.timestamps import format_timestamp
from tray.secret import Secret
from tray.values import dataclass

_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def is_account_id(text: str) -> bool:
    return _ACCOUNT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key_id: Secret  # ``ASIA...`` of a role, ``AKIA...`` of a user
    secret_access_key: Secret  # 40 characters
    session_token: Secret | None  # some hundred characters; None for keys of a user
    expires_at: float | None = None  # seconds since the epoch, by AWS's clock; None: unknown
    account_id: str | None = None  # 12 digits, where it is known

    def document(self) -> dict[str, Any]:
        """Return the ``credential_process`` document (AWS SDKs guide, "Process credentials")."""
        document: dict[str, Any] = {
            "Version": 1,
            "AccessKeyId": self.access_key_id.reveal(),
            "SecretAccessKey": self.secret_access_key.reveal(),
        }
        if self.session_token is not None:
            document["SessionToken"] = self.session_token.reveal()
        if self.expires_at is not None:
            document["Expiration"] = format_timestamp(self.expires_at)
        if self.account_id is not None:
            document["AccountId"] = self.account_id
        return document
