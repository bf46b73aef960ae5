"""What README and guide say of Windows, against what `make windows` runs."""

from __future__ import annotations

from pathlib import Path

import tray
from tests.windows.walk import NOT_JUDGED, promises, table

GUIDE = Path(tray.__file__).parent / "guide/troubleshooting.md"
README = Path(__file__).parents[2] / "README.md"


def test_the_guide_says_what_was_run_and_what_never() -> None:
    """Its table is the one that the walk prints where every promise holds."""
    assert table(promises()) in GUIDE.read_text(encoding="utf-8")


def test_the_readme_names_what_was_never_run() -> None:
    """Each promise that Wine cannot show stands there with its reason."""
    readme = README.read_text(encoding="utf-8")

    assert [] == [
        one for one, reason in NOT_JUDGED.items() if f"| {one} | {reason} |" not in readme
    ]
