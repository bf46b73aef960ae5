"""Install the credential helper: one file, run by the system's Python, that outlives upgrades."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tray.storage.atomic_files import private_directory, write_atomic
from tray.system import LINUX, WINDOWS
from tray.system.agent_socket import client_address
from tray.system.paths import Paths
from tray.system.spawn import frozen, own_program

FILE_NAME: Final = "credentials.py"
SOURCE: Final = Path(__file__).with_name(FILE_NAME)
PIPE_CLIENT: Final = Path(__file__).parents[1] / "system" / "pipe" / "pipe_client.py"
SYSTEM_PYTHON: Final = Path("/usr/bin/python3")  # the same path through every upgrade

_SITES: Final = frozenset({"site-packages", "dist-packages"})


def install(state: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """
    Write the credential helper if it is missing, and return the argv for ``credential_process``.

    A profile's name may be added. OSError or FileRefused if ``state`` cannot be written.
    """
    program = own_program(environ)
    if frozen() and interpreter() != str(SYSTEM_PYTHON):
        return (*program, "credentials", "--active")
    directory = private_directory(private_directory(state) / "handout")
    path = directory / FILE_NAME
    sockets = tuple(map(client_address, Paths.from_environment(environ).runtime_sockets))
    text = client_text(SOCKETS=sockets, PROGRAM=tuple(program), PYTHONPATH=_python_path()).encode()
    _write_where_it_differs(path, text)
    if WINDOWS:
        _write_where_it_differs(directory / PIPE_CLIENT.name, PIPE_CLIENT.read_bytes())
    return (interpreter(), "-I", "-S", str(path))


def _write_where_it_differs(path: Path, text: bytes) -> None:
    if not path.is_file() or path.read_bytes() != text:
        write_atomic(path, text)


def interpreter() -> str:
    """
    Return a Python that outlives this program's virtual environment and its upgrades.

    On Linux the distribution's, else the base of this environment; not macOS's
    ``/usr/bin/python3``, which may only offer to install a compiler.
    """
    if LINUX and os.access(SYSTEM_PYTHON, os.X_OK):
        return str(SYSTEM_PYTHON)
    # No public name exists for what `venv` itself uses.
    base = Path(getattr(sys, "_base_executable", sys.executable))
    plain = base.with_name("python.exe" if WINDOWS else "python3")
    if WINDOWS:  # where ours may be the one without a console
        return str(plain if plain.is_file() else base)
    try:
        return str(plain if plain.samefile(base) else base)
    except OSError:
        return str(base)


def client_text(**constants: object) -> str:
    """Return the helper's source with these constants filled in."""
    lines = SOURCE.read_text(encoding="utf-8").splitlines(keepends=True)
    for node in ast.parse("".join(lines)).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            line = lines[node.lineno - 1].partition(" = ")[0]
            lines[node.lineno - 1] = f"{line} = {constants.pop(node.target.id)!a}\n"
    if constants:
        raise ValueError(f"{SOURCE} lacks {sorted(constants)}")
    return "".join(lines)


def _python_path() -> str:
    """Return where this package is found, or nothing if it is installed normally or frozen."""
    if frozen():
        return ""
    root = Path(__file__).resolve().parents[2]
    return "" if root.name in _SITES else str(root)
