"""The command ``sso-tray``: its commands, and the exit codes of their failures (rule C1)."""

from __future__ import annotations

import os
import sys

from tray.cli.front import quick_reading
from tray.cli.front.command_table import COMMANDS, COMPLETION_ASKED
from tray.cli.front.terminal import Ended, WrongUse, note
from tray.errors import NotFound, SignInNeeded, TrayError, sentence_of
from tray.system import WINDOWS
from tray.system.credential_variables import lead_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TextIO


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code of rule C1; every failure has been said in one sentence on stderr."""
    lead_back(os.environ)
    for stream in (sys.stdout, sys.stderr):
        _never_refuse_a_character(stream)
    line = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if not WINDOWS and os.geteuid() == 0:
            _act_as_owner(os.environ.get("HOME", ""), for_good=line[:1] != ["exec"])
        code = _done(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has seen enough (`sso-tray profiles | head`).
        _drop_output()
        return 1
    except WrongUse as error:
        from tray.cli.front.click_commands import show_wrong_use

        return show_wrong_use(error, line)
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
        return _failed(Ended("Cancelled.", 1), line)
    except Exception as error:  # noqa: BLE001 - the last place that can still say something
        return _failed(error, line)
    return code


def _done(line: Sequence[str]) -> int:
    asked = os.environ.get(COMPLETION_ASKED)
    if asked is not None and not WINDOWS:
        from tray.cli.quick.quick_listing import complete

        code = complete(asked)
        return _by_click(line) if code is None else code
    read = None if asked is not None or WINDOWS else quick_reading.read(line)
    return _by_click(line) if read is None else _carried_out(*read)


def _act_as_owner(home: str, *, for_good: bool) -> None:
    """Keep root, as by ``sudo -E``, from leaving its files in another user's home."""
    try:
        owner = os.stat(home)  # noqa: PTH116  (`pathlib` takes as long as a quick command)
    except OSError:
        return
    if owner.st_uid != 0:
        from tray.system.processes import act_as

        act_as(owner.st_uid, owner.st_gid, home, for_good=for_good)


def _by_click(line: Sequence[str]) -> int:
    _hush_libraries()
    from tray.cli.front.click_commands import run

    return run(line)


def _carried_out(name: str, values: dict[str, Any]) -> int:
    described = COMMANDS[name]
    result = _called(described.quick, values) if described.quick else None
    if result is None:
        _hush_libraries()
        result = _called(described.place, values)
    return result or 0


def _called(place: str, values: dict[str, Any]) -> int | None:
    module, _, name = place.partition(":")
    __import__(module)  # `importlib` takes a tenth of a bare Python
    result: int | None = getattr(sys.modules[module], name)(**values)
    return result


def _hush_libraries() -> None:
    """Keep what libraries and transactions log out of a command's output."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())


def _failed(error: Exception, line: Sequence[str]) -> int:
    sentence, code = _told(error)
    if sentence:
        from tray.cli.front.secret_words import without_secrets

        note(without_secrets(sentence, line))
    return code


def _told(error: Exception) -> tuple[str, int]:
    match error:
        case Ended():
            return error.sentence, error.exit_code
        case NotFound():
            return error.sentence, 2
        case SignInNeeded():
            return error.sentence, 3
        case TrayError() | OSError():
            return sentence_of(error), 1
    return f"Internal error ({type(error).__name__}{_where(error)}). Please report it.", 1


def _where(error: Exception) -> str:
    """Name the place alone: an exception's own text may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_code.co_filename.rpartition(os.sep)[2]}:{trace.tb_lineno}"


def _never_refuse_a_character(stream: TextIO) -> None:
    """Let a terminal that cannot show a letter of a name from a file get its escape."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Keep the interpreter from complaining at exit about what it cannot flush."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
