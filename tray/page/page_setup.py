"""The page's set-up: what is pasted is cleaned and checked as ``add`` does, before it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tray.aws.config.sso_sessions import region_flaw, start_url_flaw
from tray.cli.add.pasted_text import pasted
from tray.core.profiles.profile_planning import fit_for_a_name, session_name_flaw
from tray.core.profiles.start_url import is_vanity, normal_start_url, region_of
from tray.core.text.page import page_words

_NUMBERED: Final = re.compile(r"(?:d|ssoins)-[0-9a-z]+")  # a portal's own name, which says nothing
_USUAL_NAME: Final = "aws"


def checked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """
    Answer ``check``: what ``url``, ``region`` and ``name`` become, and a sentence for each flaw.

    The region is the portal's own where its host names it; the name comes from the host.
    """
    url, region, name = (str(asked.get(one, "")).strip() for one in ("url", "region", "name"))
    faults: dict[str, str] = {}
    for field, text in (("url", url), ("region", region), ("name", name)):
        if paste := pasted(text):
            faults[field] = paste
    if "url" not in faults:
        url = normal_start_url(url)
        faults |= _fault("url", page_words.NO_URL if not url else start_url_flaw(url))
    if "url" not in faults:
        region, name = region or region_of(url) or "", name or _name_of(url)
    if "region" not in faults:
        faults |= _fault("region", region_flaw(region) if region else page_words.NO_REGION)
    if "name" not in faults:
        faults |= _fault("name", session_name_flaw(name) if name else page_words.NO_NAME)
    return {"url": url, "region": region, "name": name, "faults": faults}


def _fault(field: str, flaw: str | None) -> dict[str, str]:
    if flaw is None:
        return {}
    return {field: f"{flaw[0].upper()}{flaw[1:].rstrip('.')}."}


def _name_of(url: str) -> str:
    label = url.partition("://")[2].partition(".")[0]
    if is_vanity(url) or _NUMBERED.fullmatch(label):
        return _USUAL_NAME
    return fit_for_a_name(label) or _USUAL_NAME
