"""A session's own proxy may have a password, in settings that everybody's code passes around."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.calls.test_hosts import Recorder
from tests.cli.stage import Stage
from tests.leaks.canaries import Canaries
from tests.leaks.test_exceptions import jobs, what_is_raised
from tests.worker.world import world_in
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.settings import read_settings

PASSWORD = "kV7rT2mQ9xLw4ZbN8s"


@pytest.fixture
def proxy() -> Iterator[Recorder]:
    """Give a proxy that lets nobody through."""
    with Recorder() as refusing:
        yield refusing


def write_settings(file: Path, proxy: Recorder) -> None:
    """Lead a session through the proxy, with the password."""
    url = proxy.url.replace("//", f"//me:{PASSWORD}@")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'[sessions.corp]\nproxy = "{url}"\n[log]\ndebug = true\n')


def test_no_command_shows_it(proxy: Recorder, tmp_path: Path) -> None:
    """Neither output nor log, history, records or the support bundle, at the most it can log."""
    home = tmp_path / "home"
    home.mkdir()
    with IdentityCenter() as center:
        stage = Stage(home, center)
        file = home / ".config/sso-tray/config.toml"
        write_settings(file, proxy)
        stage.signed_in_by_cli()
        with stage.daemon():
            told = [
                stage.tray(*words)
                for words in (
                    ("login", "corp", "--device-code"),
                    ("login", "corp", "--afresh"),
                    ("renew", "corp"),
                    ("credentials", "dev"),
                    ("console", "dev", "--federate", "--print"),
                    ("status", "--json"),
                    ("doctor", "--json"),
                    ("doctor", "--bundle", str(home / "bundle.zip")),
                    ("log",),
                )
            ]
        told += [stage.tray("renew", "corp"), stage.tray("credentials", "dev")]
    texts = [one.out + one.err for one in told]
    texts += [one.read_bytes().decode("latin-1") for one in home.rglob("*")
              if one.is_file() and one != file]  # fmt: skip
    with zipfile.ZipFile(home / "bundle.zip") as bundle:
        texts += [bundle.read(name).decode("latin-1") for name in bundle.namelist()]

    assert len(proxy.hosts) >= 4
    assert set() == Canaries([PASSWORD]).in_text("\n".join(texts))


def test_no_repr_and_no_error_shows_it(
    proxy: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, what a job works with, and whatever a job raises, print three stars."""
    file = tmp_path / "config.toml"
    write_settings(file, proxy)
    with world_in(tmp_path, monkeypatch) as world:
        world.keep_in_keyring()
        context = world.make_tools(world.backend, settings=read_settings(file, tmp_path))
        told = [what_is_raised(act) for act in jobs(context)]
        shown = [repr(one) for one in (context, context.settings, context.clients.own)]
        context.clients.close()

    assert any(re.search("Offline|ServiceTrouble", one) for one in told)
    assert "Secret(***)" in shown[1]
    assert set() == Canaries([PASSWORD]).in_text("\n".join(told + shown))
