"""``python -m tray`` is the command ``sso-tray``."""

import sys

from tray.cli.main import main

sys.exit(main())
