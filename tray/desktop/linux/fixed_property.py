"""A property of a D-Bus interface that never changes."""

from __future__ import annotations

import re
from typing import Any

from dbus_fast import PropertyAccess
from dbus_fast.service import dbus_property


def fixed(name: str, kind: Any, value: object) -> Any:
    """Return the property; dbus-fast gets the value by the function's name, in snake case."""

    def get(_self: object) -> Any:
        return value

    get.__name__ = re.sub(r"\B(?=[A-Z])", "_", name).lower()
    get.__annotations__["return"] = kind
    return dbus_property(PropertyAccess.READ, name=name)(get)
