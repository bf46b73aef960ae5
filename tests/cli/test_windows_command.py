from __future__ import annotations

import pytest

from tray.cli.exec.windows_command import batch_arguments


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("plain", '"plain"'),
        ("a b", '"a b"'),
        ("a & b", '"a & b"'),
        ('say "hi"', '"say ""hi"""'),
        ("100%", '"100%%cd:~,%"'),
        ("C:\\dir\\", '"C:\\dir\\\\"'),
        ("", '""'),
    ],
)
def test_a_batch_file_gets_its_arguments_whole(argument: str, written: str) -> None:
    """Whatever an argument holds, cmd.exe reads it as one word and expands nothing in it."""
    said = batch_arguments(r"C:\Program Files\npm.cmd", [argument])

    assert rf'/e:ON /v:OFF /d /c ""C:\Program Files\npm.cmd" {written}"' == said


def test_a_line_break_is_refused() -> None:
    """A batch file would take what follows it for a command of its own."""
    with pytest.raises(OSError, match="line break"):
        batch_arguments("npm.cmd", ["run\nwhoami"])
