"""What a command takes, as data: options, arguments, and where its function is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    Kind = Literal["text", "flag", "number", "path"]
    Names = Literal["sessions", "profiles"]


class Option:
    """
    An option.

    Args:
        flags: as typed, ``--json``.
        help: its line of ``--help``.
        name: of the parameter; by default the last flag's.
        kind: a ``number`` lies in `between`, either end of which may be open.
        shown: what it takes, as help names it.
        repeated: whether it can be given more than once; the value is then a tuple.
        shows_default: whether help names the default.
        completes: which names a shell completes it with.
    """

    def __init__(
        self,
        *flags: str,
        help: str,  # noqa: A002  (as click calls it)
        name: str = "",
        kind: Kind = "text",
        shown: str | None = None,
        choices: Sequence[str] = (),
        between: tuple[int | None, int | None] = (None, None),
        default: str | int | None = None,
        shows_default: bool = False,
        repeated: bool = False,
        completes: Names | None = None,
    ) -> None:
        self.flags = flags
        self.help = help
        self.name = name or flags[-1].lstrip("-").replace("-", "_")
        self.kind = kind
        self.shown = shown
        self.choices = choices
        self.between = between
        self.default = default
        self.shows_default = shows_default
        self.repeated = repeated
        self.completes = completes


class Argument:
    """
    What stands without an option; `many` makes it a tuple. Else as for `Option`.

    Args:
        required: whether something has to be given.
    """

    def __init__(
        self,
        name: str,
        *,
        shown: str | None = None,
        choices: Sequence[str] = (),
        default: str | None = None,
        required: bool = False,
        many: bool = False,
        completes: Names | None = None,
    ) -> None:
        self.name = name
        self.shown = shown
        self.choices = choices
        self.default = default
        self.required = required
        self.many = many
        self.completes = completes


class Command:
    """
    A command.

    Args:
        place: ``module:function``; the function takes the parameters by name.
        takes: the parameters, as help lists them; at most one is an argument.
        quick: where the function is that does without click, and mostly without any imports;
            it returns None where the one at `place` has to look for itself.
        as_env: whether the rest of the line is another command, and our own failures have the
            exit code of env(1); the function also takes ``last_before``, the word before ``--``.
    """

    def __init__(
        self,
        place: str,
        *takes: Option | Argument,
        quick: str | None = None,
        as_env: bool = False,
    ) -> None:
        self.place = place
        self.takes = takes
        self.quick = quick
        self.as_env = as_env
