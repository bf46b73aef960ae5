"""The value of ``credential_process``: one text that every SDK's shell divides alike."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from tray.aws.config.config_edit import SectionEdit, edited
from tray.aws.config.credential_process import command_line
from tray.errors import UserMustAct

WORDS = ("/usr/bin/python3", "-I", "/home/a b/x.py", "/o(n)e&two/;|<>*?~{}#", "Zoë")


def test_shlex_and_sh_find_the_same_words() -> None:
    """Botocore divides with shlex, Go and JavaScript leave it to sh; cmd knows the quotes."""
    line = command_line(WORDS)

    said = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, check=True, text=True
    ).stdout.splitlines()

    assert "/usr/bin/python3 -I '/home/a b/x.py'" == command_line(WORDS[:3])
    assert list(WORDS) == shlex.split(line) == said
    assert line.encode() in edited(
        b"", "f", [SectionEdit("default", {"credential_process": line})]
    )


@pytest.mark.parametrize(
    ("word", "written"),
    [
        (r"C:\Python\python.exe", '"C:/Python/python.exe"'),
        ("C:/Python/python.exe", '"C:/Python/python.exe"'),
        (r"d:\Users\Ada L\sso-tray\handout\credentials.py",
         '"d:/Users/Ada L/sso-tray/handout/credentials.py"'),
        ("-S", "-S"),
        ("a:b", "a:b"),
    ],
)  # fmt: skip
def test_a_path_of_windows_has_slashes_and_quotes(word: str, written: str) -> None:
    """Shlex and sh would take its backslashes away, cmd would divide it at a bare slash."""
    assert (written, [written.strip('"')]) == (command_line((word,)), shlex.split(written))


@pytest.mark.parametrize("word", ["", 'a"b', "a'b", "a$b", "a`b", "a\nb", "a\\b", "%PATH%", "a!"])
def test_a_word_that_one_of_them_reads_differently_is_refused(word: str) -> None:
    """Nothing is started that is another program to another SDK."""
    with pytest.raises(UserMustAct):
        command_line((word,))
