"""Takes the README's pictures of the accounts page anew, in a real Chromium: ``make pictures``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from tests.cli.stage import Stage
from tests.clients.chromium import ARTIFACTS, Tab, chromium
from tests.page.conftest import NAMES, ROLES
from tests.page.page_processes import end_pages
from tests.pictures import PLACE
from tray.fake_aws.fake_options import Account
from tray.fake_aws.identity_center import IdentityCenter

SETTINGS = (
    'guarded = ["*prod*"]\ncolors = ["*prod*=red", "staging=orange", "sandbox=green test"]\n'
)
WIDE, NARROW = (1180, 720), (360, 720)


def main() -> None:
    """Take them: light, dark, narrow."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter(auto_approve=True) as center:
        center.accounts = tuple(
            Account(str(123456789011 + number), ROLES, name) for number, name in enumerate(NAMES)
        )
        stage = Stage(Path(folder), center)
        stage.signed_in_by_cli()
        settings = stage.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        with stage.daemon(), chromium(Path(folder, "browser")) as tab:
            stage.tray("accounts", "--session", "corp")
            stage.tray("use", "dev")
            tab.size(*WIDE)
            tab.open(stage.tray("open", "--print").out.strip())
            tab.until("document.querySelectorAll('#rows li').length > 20")
            _take(tab)
            end_pages(stage.home)


def _take(tab: Tab) -> None:
    tab.type("prod")
    tab.until("document.querySelector('#rows .mark')?.checkVisibility()")
    tab.until("document.querySelector('.count').innerText.startsWith('12 of')")
    tab.key("ArrowDown", 40)
    for name, dark, size in (
        ("page", False, WIDE), ("page-dark", True, WIDE), ("page-narrow", False, NARROW),
    ):  # fmt: skip
        tab.dark(dark)
        tab.size(*size)
        tab.picture(name)
        with Image.open(ARTIFACTS / f"{name}.png") as picture:
            few = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        few.save(PLACE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
