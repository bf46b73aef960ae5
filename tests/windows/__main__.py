"""Try SSO Tray on Windows, under Wine: ``python -m tests.windows LAB VERSION [walk|tests]``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.windows import walk


def main() -> int:
    """Return the exit code: 1 where a promise does not hold."""
    lab, version = Path(sys.argv[1]).resolve(), sys.argv[2]
    return 0 if walk.check(lab, version) else 1


if __name__ == "__main__":
    sys.exit(main())
