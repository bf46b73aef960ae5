from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tray.aws.config.config_edit import SectionEdit, edited
from tray.errors import Busy, ConfigRejected
from tray.managed import config_write
from tray.managed.config_write import change_config

OLD = b"[profile dev]\nregion = x\n"


def put(region: str, path: Path, state: Path) -> bool:
    """Give the profile another region."""
    change = SectionEdit("profile dev", {"region": region})
    return change_config(path, state, lambda data: edited(data, str(path), [change]))


def _die_at(step: str, name: str) -> None:
    if name == step:
        os._exit(9)


def backups(state: Path) -> list[bytes]:
    """Return what is kept, oldest first."""
    return [one.read_bytes() for one in sorted((state / "backups").iterdir())]


def test_link_and_mode_stay_and_the_old_file_is_kept(tmp_path: Path) -> None:
    """A config in somebody's dotfiles stays there, as readable as it was; a copy is ours alone."""
    real, link, state = tmp_path / "dotfiles", tmp_path / "config", tmp_path / "state"
    real.write_bytes(OLD)
    group = 1 if os.getuid() == 0 else max(os.getgid(), *os.getgroups())
    os.chown(real, -1, group)
    real.chmod(0o640)
    link.symlink_to(real)

    written = put("y", link, state)

    copy = next((state / "backups").iterdir())
    assert (True, OLD.replace(b"x", b"y")) == (written, real.read_bytes())
    assert (True, 0o640) == (link.is_symlink(), stat.S_IMODE(real.stat().st_mode))
    assert group == real.stat().st_gid
    assert (OLD, 0o600) == (copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode))


def test_nothing_to_change_writes_nothing(tmp_path: Path) -> None:
    """The same again touches no file, so that nobody who watches it is woken."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)
    before = path.stat().st_mtime_ns

    assert put("x", path, state) is False
    assert (before, False) == (path.stat().st_mtime_ns, (state / "backups").exists())


def test_a_missing_file_is_made_for_the_user_alone(tmp_path: Path) -> None:
    """A first config gets a directory and a file that nobody else may read."""
    path = tmp_path / ".aws/config"

    put("x", path, tmp_path / "state")

    assert OLD == path.read_bytes()
    assert [0o700, 0o600] == [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path)]


def test_the_last_five_are_kept(tmp_path: Path) -> None:
    """Seven edits leave the five versions before the last."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)

    for number in range(7):
        put(f"r{number}", path, state)

    kept = [f"[profile dev]\nregion = r{number}\n".encode() for number in range(1, 6)]
    assert kept == backups(state)


def test_what_somebody_writes_meanwhile_is_not_lost(tmp_path: Path) -> None:
    """An edit that met another's is made again, on theirs."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)
    others = [OLD + b"output = json\n"]

    def change(data: bytes) -> bytes:
        if others:
            path.write_bytes(others.pop())
        return edited(data, str(path), [SectionEdit("profile dev", {"region": "y"})])

    change_config(path, state, change)

    assert b"[profile dev]\nregion = y\noutput = json\n" == path.read_bytes()


def test_nor_what_they_write_at_the_last_moment(tmp_path: Path) -> None:
    """Even a write while our new file lies ready beside theirs is seen before the rename."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)
    steps: list[str] = []

    def interfere(step: str) -> None:
        steps.append(step)
        if steps.count("temp-written") == 1 and step == "temp-written":
            path.write_bytes(b"theirs\n")

    change_config(path, state, lambda data: data + b"# ours\n", seam=interfere)

    assert b"theirs\n# ours\n" == path.read_bytes()
    assert ["config", "state"] == sorted(one.name for one in tmp_path.iterdir())


def test_to_and_fro_keeps_what_was_there_before(tmp_path: Path) -> None:
    """The same bytes are kept once, and each file has its own five."""
    path, other, state = tmp_path / "config", tmp_path / "other", tmp_path / "state"
    for each in (path, other):
        each.write_bytes(OLD)

    for number in range(8):
        put("ab"[number % 2], path, state)
    put("z", other, state)

    kept = [OLD, *(OLD.replace(b"x", region) for region in (b"a", b"b"))]
    assert kept == [one.read_bytes() for one in config_write.backups(state, path)]
    assert [OLD] == [one.read_bytes() for one in config_write.backups(state, other)]


def test_who_never_stops_writing_is_named(tmp_path: Path) -> None:
    """We give up with a sentence, and the file is theirs."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)

    def change(data: bytes) -> bytes:
        path.write_bytes(data + b"# more\n")
        return data + b"# ours\n"

    with pytest.raises(Busy) as caught:
        change_config(path, state, change)

    assert str(path) in caught.value.sentence
    assert b"# ours" not in path.read_bytes()


@pytest.mark.parametrize("step", ["backed-up", "temp-written", "renamed"])
def test_killed_at_any_step_the_file_is_whole(tmp_path: Path, step: str) -> None:
    """A process that dies leaves the old file or the new one, and can be run again."""
    path, state = tmp_path / "config", tmp_path / "state"
    path.write_bytes(OLD)
    new = OLD.replace(b"x", b"y")
    pid = os.fork()
    if pid == 0:
        change_config(path, state, lambda _: new, seam=lambda name: _die_at(step, name))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    left = path.read_bytes()

    put("y", path, state)

    assert (9, new if step == "renamed" else OLD) == (os.waitstatus_to_exitcode(status), left)
    assert new == path.read_bytes()


def test_a_directory_in_its_place_is_refused_by_name(tmp_path: Path) -> None:
    """What is no file is not written over."""
    path = tmp_path / "config"
    path.mkdir()

    with pytest.raises(ConfigRejected) as caught:
        put("x", path, tmp_path / "state")

    assert str(path) in caught.value.sentence
