"""All rows of the matrix by group, and one cell of it answered, in whichever process."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Final

from tests.clients.matrix.forms import FORMS, form
from tests.clients.matrix.moments import FILE, RUNNING, moment
from tests.clients.matrix.programs import PROGRAMS, Program
from tests.clients.matrix.seen import Seen
from tests.clients.matrix.ways import WAYS, signed_in

Cell = Callable[[Program], Seen]

GROUPS: Final[Mapping[str, Mapping[str, Cell]]] = {
    "file": {name: moment(ask) for name, ask in FILE.items()},
    "running": {name: moment(ask) for name, ask in RUNNING.items()},
    "forms": {name: form(one) for name, one in FORMS.items()},
    "ways": {name: moment(signed_in(ask)) for name, ask in WAYS.items()},
}


def answered(question: tuple[str, str, str]) -> Seen:
    """Ask a program, by group, row and name; what breaks is seen as that."""
    # What our own transactions warn of does not belong to the table.
    logging.getLogger("tray").addHandler(logging.NullHandler())
    group, row, name = question
    program = next(one for one in PROGRAMS if one.name == name)
    try:
        return GROUPS[group][row](program)
    except Exception:  # noqa: BLE001 - one cell that breaks must not hide the others
        return Seen("broke", traceback.format_exc())
