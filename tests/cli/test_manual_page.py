"""The manual page that the packages bring."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.readme import commands
from tests.components import require

SCRIPT = Path(__file__).parents[2] / "packaging/manual_page.py"


def test_the_manual_page_tells_every_command_and_option(tmp_path: Path) -> None:
    """It is what ``--help`` says, and mandoc finds nothing to warn of."""
    mandoc = require("mandoc")
    page = tmp_path / "sso-tray.1"
    subprocess.run([sys.executable, SCRIPT, page], check=True)

    lint = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False
    )
    shown = subprocess.run(
        [mandoc, "-T", "utf8", "-O", "width=200", page], capture_output=True, text=True, check=True
    ).stdout
    # Bold is a letter, a backspace and the letter again.
    plain = "".join(
        sign for sign, then in zip(shown, shown[1:] + " ", strict=True) if "\b" not in (sign, then)
    )

    assert "" == lint.stdout + lint.stderr
    missing = [name for name in commands() if f"sso-tray {name}" not in plain]
    missing += [
        option
        for command in commands().values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option not in plain
    ]
    assert [] == missing
