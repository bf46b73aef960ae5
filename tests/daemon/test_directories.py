"""With whatever umask the session began, nobody else can replace a file of ours."""

from __future__ import annotations

import os
from pathlib import Path

from tests.daemon.living import daemon, home_with
from tray.credential_helper.helper_installation import install
from tray.demo.demo_sandbox import CONFIG
from tray.system.autostart.start_at_login import autostart_for
from tray.system.paths import Paths


def test_no_directory_is_open_to_others_under_umask_000(tmp_path: Path) -> None:
    """Each level that a daemon or a command makes is 0700; an open one of ours is shut."""
    environ = home_with(tmp_path, CONFIG)
    home, state = Path(environ["HOME"]), Paths.from_environment(environ).state
    there = {home, *home.rglob("*")}
    umask = os.umask(0)
    try:
        install(state, environ)
        (state / "handout").chmod(0o777)
        autostart_for(environ).enable(["sso-tray"])
        with daemon(environ) as living:
            living.ask("use", profile="developer")
            made = [one for one in home.rglob("*") if one.is_dir() and one not in there]
            modes = {one.stat().st_mode & 0o777 for one in made}
    finally:
        os.umask(umask)

    assert {state, state / "locks", state / "handout", home / ".config/autostart"} <= set(made)
    assert {0o700} == modes


def test_what_killed_writers_left_is_removed_wherever_we_write(tmp_path: Path) -> None:
    """Also where a link leads to: a config among dotfiles, a token file on another disk."""
    environ = home_with(tmp_path, CONFIG)
    paths, dotfiles = Paths.from_environment(environ), tmp_path / "dotfiles"
    dotfiles.mkdir()
    paths.aws_config.rename(dotfiles / "aws-config")
    paths.aws_config.symlink_to(dotfiles / "aws-config")
    elsewhere = tmp_path / "other-disk"
    elsewhere.mkdir()
    (elsewhere / "token.json").write_text("{}")
    paths.token_cache.mkdir(parents=True)
    (paths.token_cache / "0123.json").symlink_to(elsewhere / "token.json")
    folders = [
        dotfiles, elsewhere, paths.token_cache, paths.state, paths.state / "backups",
        paths.state / "handout", paths.aws_config.parent,
    ]  # fmt: skip
    left = [folder / ".sso-tray.0123456789abcdef.tmp" for folder in folders]
    for one in left:
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_text("a token")
        os.utime(one, (0, 0))

    with daemon(environ):
        assert [] == [one for one in left if one.exists()]
    assert (dotfiles / "aws-config").exists()
