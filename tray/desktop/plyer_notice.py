"""``python -m tray.desktop.plyer_notice``: the name a daemon of version 0.1 shows notices by."""

import sys

from tray.desktop.notifications.plyer_notice import main

if __name__ == "__main__":
    sys.exit(main())
