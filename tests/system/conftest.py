"""What cannot even be imported elsewhere is Linux's own."""

import sys

collect_ignore: list[str] = []
if sys.platform != "linux":
    collect_ignore += [
        "test_bus.py",
        "test_clock.py",
        "test_moods.py",
        "test_network.py",
        "test_power.py",
        "test_screen.py",
        "test_watch.py",
        "test_watch_threads.py",
    ]
if sys.platform == "win32":
    collect_ignore += ["test_transport.py"]
