"""A property of a D-Bus interface that never changes."""

from __future__ import annotations

import re
from typing import Any

from dbus_fast import PropertyAccess
from dbus_fast.service import dbus_property


def fixed(name: str, kind: Any, value: object) -> Any:
    """
    Return the property, to be assigned to its name in snake case.

    dbus-fast reads the type from the annotation and gets the value by the function's name.
    """

    def get(_self: object) -> Any:
        return value

    get.__name__ = re.sub(r"\B(?=[A-Z])", "_", name).lower()
    get.__annotations__["return"] = kind
    return dbus_property(PropertyAccess.READ, name=name)(get)
