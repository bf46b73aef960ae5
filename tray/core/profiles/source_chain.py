"""Which profiles a profile builds on, by ``source_profile``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def source_chain(name: str, settings: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Yield a profile and its sources, missing ones included; a circle is walked once."""
    seen: set[str] = set()
    following: object = name
    while isinstance(following, str) and following not in seen:
        seen.add(following)
        yield following
        following = settings.get(following, {}).get("source_profile")
