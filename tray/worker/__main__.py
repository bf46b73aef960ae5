"""Run a worker: ``python -m tray.worker NAME``; the name only shows in the process list."""

import sys

from tray.worker.worker_process import main

if __name__ == "__main__":
    sys.exit(main())
