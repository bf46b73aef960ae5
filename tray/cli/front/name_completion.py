"""Names for a shell to complete: quickly, and in silence if anything is wrong."""

from __future__ import annotations

import os
import re
from typing import Any, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
)

from tray.cli.command_context import CommandContext
from tray.cli.front.command_table import COMPLETION_ASKED
from tray.cli.front.completed_names import beginning, for_bash
from tray.core.model import Catalog
from tray.errors import TrayError

_SPECIAL_QUOTED: Final = re.compile(r"[\"'$`\\\\!]")


class Bash(BashComplete):
    """Completion where a name is only data: click's lets bash expand it, and starts a bash."""

    source_template = """\
%(complete_func)s() {
  local IFS=$'\\n' line
  while IFS= read -r line; do
    case $line in
      dir,*) COMPREPLY=(); compopt -o dirnames ;;
      file,*) COMPREPLY=(); compopt -o default ;;
      plain,*) COMPREPLY+=("${line#plain,}") ;;
    esac
  done <<<"$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
    %(complete_var)s=bash_complete "$1" 2>/dev/null)"
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
  complete -F %(complete_func)s %(prog_name)s # bash before 4.4 sorts
"""

    def source(self) -> str:
        """Return the script, without looking for a bash."""
        return ShellComplete.source(self)

    def format_completion(self, item: CompletionItem[Any]) -> str:
        value = str(item.value)
        words, place = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
        quoted = place < len(words) and words[place][:1] in ("'", '"')
        if not quoted:
            value = for_bash(value)
        elif _SPECIAL_QUOTED.search(value):
            return ""
        return f"{item.type},{value}"


def register() -> None:
    add_completion_class(Bash)


def script(shell: str, program: click.Command) -> str:
    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not known.")
    return kind(program, {}, "sso-tray", COMPLETION_ASKED).source()


def sessions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the sessions that begin so, then the profiles, which stand for theirs."""
    del context, parameter
    catalog = _catalog()
    names = [one.key for one in catalog.sessions]
    names += [one.name for one in catalog.profiles if one.session is not None]
    return beginning(names, incomplete)


def profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    del context, parameter
    catalog = _catalog()
    names = [one.name for one in catalog.profiles if one.name not in catalog.managed]
    return beginning(names, incomplete)


def _catalog() -> Catalog:
    try:
        return CommandContext.of_this_process().catalog()
    except (TrayError, OSError):
        return Catalog()  # a word on the screen would stand in the middle of what is typed
