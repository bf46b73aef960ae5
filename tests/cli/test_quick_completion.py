"""Completion without click: what click completes, or it is left to click."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stage import CONFIG
from tray.aws.config.catalog import CatalogReader
from tray.aws.config.config_files import ConfigFiles
from tray.cli.front.click_commands import run
from tray.cli.front.command_table import COMPLETION_ASKED
from tray.cli.quick.quick_listing import complete
from tray.core.views.status_documents import profiles_document
from tray.storage.file_mark import file_mark
from tray.storage.profile_listing import NAME, packed, sources
from tray.system.paths import Paths

LINES = (
    "use ", "use re", "use re x", "use --none ", "use --none re", "use nobody", "login ",
    "login co", "login co x", "login --afresh ", "status ", "status dev re", "status --json re",
    "exec ", "exec --profile ", "exec --profile d", "exec --profile dev d", "exec -- d",
    "credentials --format ", "credentials --profile d", "credentials --profile=d", "credentials d",
    "profiles ", "doctor --bundle ", "us", "", "nothing ", "--help ", "use -", "use 'd", "use we",
    "console --print d", "console --destination d", "add --account d", "logout --all c",
)  # fmt: skip


@pytest.fixture
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / ".local/state/sso-tray"
    state.mkdir(parents=True, mode=0o700)
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text(f'{CONFIG}[profile "we $(ird) *"]\nregion = a\n[profile "nö\u2028"]\n')
    files = ConfigFiles(config, config.with_name("credentials"))
    catalog = CatalogReader(files).read()
    paths = Paths.from_environment({"HOME": str(tmp_path)})
    settings = map(str, (paths.settings_file, *paths.site_settings))
    places = sources(str(state), str(files.config), str(files.credentials), *settings)
    rows = profiles_document(catalog, (), ())["profiles"]
    marks = {path: file_mark(path) for path in places}
    (state / NAME).write_bytes(packed(catalog, rows, (), marks))
    monkeypatch.delenv("XDG_CONFIG_DIRS", raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("_listed")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_is_completed_without_click_is_what_click_completes(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line: the same names in the same form, or it is left to click."""
    asked = f"{shell}_complete"
    monkeypatch.setenv(COMPLETION_ASKED, asked)
    both = []
    for line in LINES:
        words = f"sso-tray {line}"
        monkeypatch.setenv("COMP_WORDS", words.replace(" ", "\n") if shell == "bash" else words)
        monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
        if complete(asked) is not None:
            quick = capsys.readouterr().out
            with pytest.raises(SystemExit):
                run([])
            both.append((line, quick, capsys.readouterr().out))

    assert (shell == "fish") == (not both)
    assert [] == [
        (line, quick, slow) for line, quick, slow in both if quick.strip() != slow.strip()
    ]
    if both:
        assert {"use re", "login co", "status dev re", "exec --profile d"} <= {
            one for one, _, _ in both
        }
