"""The guide's table of config forms, drawn from the data: ``python -m tests.core.forms_table``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import tray
from tray.core.doctor.config_forms import FORMS, described

PAGE: Final = Path(tray.__file__).parent / "guide/sdks.md"
OPENS: Final = "<!-- the forms, drawn from the data: python -m tests.core.forms_table -->\n"
CLOSES: Final = "<!-- end of the forms -->"


def table() -> str:
    """Return the table, a row for each form: what is written and who does what, what to write."""
    rows = [
        f"| {described(form, '')[2:-1]} | {form.remedy} |".replace("<", "&lt;")
        for form in FORMS.values()
    ]
    return "\n".join(["| written in `~/.aws/config` | better |", "|---|---|", *rows, ""])


def documented(page: str) -> str:
    """Return a page with the table between its two marks."""
    head, _, rest = page.partition(OPENS)
    return head + OPENS + table() + CLOSES + rest.partition(CLOSES)[2]


if __name__ == "__main__":
    PAGE.write_text(documented(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
