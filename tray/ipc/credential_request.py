"""What a request for credentials may ask for besides whose: how long, and with which codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_LONGEST_FRESH: Final = 86400.0  # seconds; no role credentials last longer than 12 hours


def fresh_of(request: Mapping[str, Any]) -> float:
    """Return how many seconds credentials at hand must have left; 0 if the request doesn't say."""
    seconds = request.get("fresh")
    if not isinstance(seconds, int | float) or not 0 < seconds < _LONGEST_FRESH:
        return 0.0
    return float(seconds)


def codes_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the MFA codes that a person typed for this request."""
    codes = request.get("codes")
    if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
        return ()
    return tuple(codes)
