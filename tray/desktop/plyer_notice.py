"""``python -m tray.desktop.plyer_notice``: what a daemon of version 0.1 starts to show notices."""

import sys

from tray.desktop.notifications.plyer_notice import main

if __name__ == "__main__":
    sys.exit(main())
