"""How our own settings say to reach AWS for one session; a proxy's URL may hold a password."""

from __future__ import annotations

from typing import Any, Final

from tray.core.json_members import Members, optional, text
from tray.secret import Secret
from tray.values import dataclass

OWN_KEYS: Final = ("ca_bundle", "proxy", "endpoint_url")


@dataclass(frozen=True, slots=True)
class OwnConnection:
    """None where the settings say nothing."""

    ca_bundle: str | None = None
    proxy: Secret | None = None
    endpoint_url: str | None = None  # of sign-in, renewal and portal

    @property
    def given(self) -> tuple[str, ...]:
        return tuple(name for name in OWN_KEYS if getattr(self, name) is not None)

    @property
    def proxies(self) -> dict[str, str] | None:
        """As botocore takes them."""
        if self.proxy is None:
            return None
        return dict.fromkeys(("http", "https"), self.proxy.reveal())

    def to_json(self) -> dict[str, Any]:
        proxy = None if self.proxy is None else self.proxy.reveal()
        return {"ca_bundle": self.ca_bundle, "proxy": proxy, "endpoint_url": self.endpoint_url}

    @classmethod
    def from_json(cls, document: object) -> OwnConnection:
        members = Members(document)
        bundle, proxy, endpoint = (members.get(name, optional(text), None) for name in OWN_KEYS)
        return cls(bundle, None if proxy is None else Secret(proxy), endpoint)


NOTHING_OWN: Final = OwnConnection()
