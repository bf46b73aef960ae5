"""``python -m tray.daemon``: the name by which an upgraded daemon of version 0.1 restarts."""

import sys

from tray.daemon.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
