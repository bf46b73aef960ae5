"""
The entry in a Linux desktop's menu of applications, where no package has put one.

Desktop Menu Specification 1.1: ``applications`` below each data directory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tray.errors import UserMustAct
from tray.system.autostart.autostart_entry import Status
from tray.system.autostart.xdg_autostart import FILE_NAME, LaunchingFile
from tray.system.paths import data_folders, data_home


class MenuEntry(LaunchingFile):
    """
    The user's own file, which hides a package's.

    Args:
        file: where it is.
        packaged: where a package would have put one.
    """

    def __init__(self, file: Path, packaged: Sequence[Path] = ()) -> None:
        super().__init__(file)
        self._packaged = packaged

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        below = Path("applications") / FILE_NAME
        return cls(data_home(environ) / below, [one / below for one in data_folders(environ)])

    def enable(self, command: Sequence[str]) -> None:
        """Do nothing where a package's entry is seen already."""
        if self._by_package() is None:
            super().enable(command)

    def disable(self) -> None:
        """Raises UserMustAct for a package's entry, which goes with the package."""
        place = self._by_package()
        if place is not None:
            raise UserMustAct(f"{place} belongs to a package, and goes with it.")
        super().disable()

    def status(self) -> Status:
        return "on" if self._by_package() is not None else super().status()

    def _by_package(self) -> Path | None:
        if self._data() is not None:
            return None
        return next((one for one in self._packaged if one.is_file()), None)

    def _keys(self) -> Mapping[str, str]:
        return {
            "GenericName": "AWS sign-in sessions",
            "Categories": "Development;",
            "Keywords": "AWS;SSO;Identity Center;credentials;tray;",
        }
