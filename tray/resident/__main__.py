"""``python -m tray.resident``: the name by which a daemon of version 0.1 restarts."""

import sys

from tray.daemon.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
