"""Finds spellings in a config file that SDKs read differently (measured), without judging them."""

from __future__ import annotations

import re
from typing import Final

from tray.core.doctor.findings import Quirk

_SECTION: Final = re.compile(rb"\[\s*(.*?)\s*\]")
_OPTION: Final = re.compile(rb"([A-Za-z][\w-]*)\s*([=:])")
_SECTIONS: Final = (b"default", b"profile", b"sso-session")


def quirks(data: bytes) -> tuple[tuple[Quirk, int], ...]:
    """
    Return what is written unusually, each with its line, in file order.

    ``colon``: ``key: value``. ``upper-case``: a key AWS knows in lower case only. Only botocore
    reads these; both are looked for in profiles and sso-sessions. ``two-defaults``: the second of
    ``[default]`` and ``[profile default]``.
    """
    found: list[tuple[Quirk, int]] = []
    ours = False
    defaults: set[bytes] = set()
    for number, line in enumerate(data.splitlines(), 1):
        if section := _SECTION.match(line):
            words = section[1].replace(b'"', b"").replace(b"'", b"").split()
            ours = bool(words) and words[0] in _SECTIONS
            if words in ([b"default"], [b"profile", b"default"]):
                defaults.add(b" ".join(words))
                if len(defaults) == 2:
                    found.append(("two-defaults", number))
        elif ours and (option := _OPTION.match(line)):
            if option[2] == b":":
                found.append(("colon", number))
            elif option[1] != option[1].lower():
                found.append(("upper-case", number))
    return tuple(found)
