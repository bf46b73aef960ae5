"""Which sessions another config of the same home has, too: a home has one token cache."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tray.core.model import Catalog, SsoSession
from tray.core.session import same_place

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_shared(catalog: Catalog, usual: Catalog) -> Catalog:
    """Mark the sessions that the usual config has, too, by whether it is the same portal."""
    there = {one.key: one for one in usual.sessions}
    return replace(catalog, sessions=tuple(_marked(one, there) for one in catalog.sessions))


def _marked(session: SsoSession, there: Mapping[str, SsoSession]) -> SsoSession:
    other = there.get(session.key)
    if other is None:
        return session
    same = same_place(other, session.start_url, session.region)
    return replace(session, shared="same" if same else "other")
