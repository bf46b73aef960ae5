"""A message bus of one's own for a test: a real dbus-daemon that starts nothing by itself."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests import components

PATIENCE = 60.0

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>{kind}</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<servicedir>{services}</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
"""


@dataclass
class PrivateBus:
    """
    A bus that can be ended and started anew at the same address.

    Args:
        directory: everything it owns; ``services`` in it takes service files.
        kind: what it is to the daemon.
    """

    directory: Path
    kind: Literal["session", "system"]
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"unix:path={self.directory}/bus"

    def start(self) -> None:
        """Start the daemon; returns once it listens."""
        config = self.directory / "bus.conf"
        services = self.directory / "services"
        services.mkdir(exist_ok=True)
        config.write_text(
            _CONFIG.format(kind=self.kind, socket=self.directory / "bus", services=services)
        )
        self.process = subprocess.Popen(
            [
                components.require("dbus-daemon"),
                f"--config-file={config}",
                "--nofork",
                "--nopidfile",
                "--print-address",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline(), "dbus-daemon did not start"

    def stop(self) -> None:
        """End it; all connections end."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()
        (self.directory / "bus").unlink(missing_ok=True)


@contextmanager
def private_bus(kind: Literal["session", "system"] = "session") -> Iterator[PrivateBus]:
    """
    Run a bus; it ends with the ``with`` block.

    Raises:
        pytest.skip.Exception: dbus-daemon is missing (fails with CI).
    """
    # Not pytest's tmp_path: a socket's path may have 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="bus-"))
    bus = PrivateBus(directory, kind)
    try:
        bus.start()
        yield bus
    finally:
        bus.stop()
        shutil.rmtree(directory)
