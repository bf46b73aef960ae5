"""How the rules' words cross a pipe."""

from __future__ import annotations

import json

import pytest

from tests.core.story import CORP, T0, token
from tray.core import effects as fx
from tray.core import events as ev
from tray.core.model import Memory, SessionEnd
from tray.core.outcomes import Renewed
from tray.core.wire import from_wire, to_wire

BUTTON = fx.Button("sign-in", "Sign in", ("a",))
WORDS: list[object] = [
    fx.StartJob(CORP, 3, "renew"),
    fx.StartSignIn(CORP, 4, "device", afresh=True, callback_port=8080),
    fx.SaveMemory(
        "corp",
        Memory(T0, (1.0, 2.5), SessionEnd(T0, "exact", "a"), "a", None, frozenset({"x", "y"})),
    ),
    fx.ShowNotice(
        fx.Notice(
            "slot",
            "once",
            "ending",
            "urgent",
            "t",
            "x",
            (fx.Button("sign-in", "Sign in", ("a",)),),
        )
    ),
    ev.RecordsRead({"corp": "keyring", "lab": None}, {"corp": Memory()}, frozenset({"corp"})),
    ev.JobDone("https://x/start", 1, Renewed(token(), "keyring", stored=False)),
    ev.TokenFileInspected("corp", ev.FileAbsent()),
    ev.SystemEvent("woke"),
    None,
]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_there_and_back(word: object) -> None:
    """What goes into a pipe comes out of it equal."""
    assert word == from_wire(json.loads(json.dumps(to_wire(word), allow_nan=False)))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": None},
        {"type": ["Tick"]},
        {"type": "Popen", "args": "x"},
        {"type": "TokenFacts"},
        {"type": "Tick", "surplus": 1},
        {"type": "frozenset"},
        {"type": "frozenset", "items": [{}]},
        {"type": "mapping", "items": []},
        {"type": "SystemEvent", "what": {"type": "nonsense"}},
    ],
    ids=str,
)
def test_nonsense_is_refused(document: object) -> None:
    """Anything that is no word of the rules is a ValueError, nothing else."""
    with pytest.raises(ValueError, match="this is no"):
        from_wire(document)


def test_foreign_things_do_not_cross() -> None:
    """Only words of the rules go into a pipe; a path, a secret or an exception does not."""
    with pytest.raises(TypeError, match="ValueError does not cross a pipe"):
        to_wire((ValueError("x"),))
