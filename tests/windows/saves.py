"""
One of two processes that save items at once: ``python -m tests.windows.saves SERVICE KEY COUNT``.

Prints how many reads were made, how many gave an older text, and how many none.
"""

from __future__ import annotations

import sys

from tray.secret import Secret
from tray.worker.keyring.token_keyring import system_backend


def main(service: str, key: str, count: str) -> None:
    """Save and read back, in three slots by turns."""
    backend = system_backend(service)
    reads = older = lost = 0
    for number in range(int(count)):
        name, text = f"{key}@0123456789ab#{'abc'[number % 3]}", f"{key} {number} " + "x" * 1000
        backend.set(name, Secret(text))
        found = backend.get(name)
        reads += 1
        lost += found is None
        older += found is not None and found.reveal() != text
    for slot in "abc":
        backend.delete(f"{key}@0123456789ab#{slot}")
    sys.stdout.write(f"{reads} {older} {lost}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
