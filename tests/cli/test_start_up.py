"""What a command imports: its start is most of its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.stage import PATIENCE, Stage
from tray.fake_aws.identity_center import IdentityCenter
from tray.ipc.child_environment import ChildEnvironment
from tray.storage.file_mark import file_mark

EVERYWHERE = {
    "PIL", "asyncio", "boto3", "botocore", "click", "dataclasses", "inspect", "keyring", "logging",
    "pathlib", "socket", "subprocess", "tray.core.model", "urllib",
}  # fmt: skip
"""What no quick command imports where a daemon answers; each takes milliseconds."""

FORBIDDEN = {
    ("exec", "--profile", "dev", "--", "true"): EVERYWHERE | {"enum", "json", "re", "typing"},
    ("exec", "dev", "--", "true"): EVERYWHERE | {"enum", "json", "re", "typing"},
    ("status",): EVERYWHERE | {"datetime", "enum", "json", "re", "typing"},
    ("status", "--json"): EVERYWHERE | {"typing"},
    ("status", "corp", "--json"): EVERYWHERE | {"typing"},
    ("profiles",): EVERYWHERE | {"datetime", "typing"},
    ("use", "dev"): EVERYWHERE | {"datetime", "typing"},
    ("credentials", "dev"): EVERYWHERE | {"datetime", "typing"},
    ("console", "dev", "--print"): EVERYWHERE | {"datetime", "typing"},
}


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Somebody is signed in, and a daemon runs."""
    with IdentityCenter() as center:
        stage = Stage(tmp_path_factory.mktemp("home"), center)
        stage.signed_in_by_cli()
        with stage.daemon():
            stage.tray("use", "reader")  # the first pick has one more sentence
            yield stage


@pytest.mark.parametrize("line", FORBIDDEN)
def test_a_quick_command_imports_little(living: Stage, line: tuple[str, ...]) -> None:
    """With a daemon, the command asked for is all that is imported."""
    assert set() == FORBIDDEN[line] & imported(living, *line)


def imported(stage: Stage, *line: str) -> set[str]:
    """Run a command, which must do well, and return the modules it has imported."""
    program = Path(sys.executable).with_name("sso-tray")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", program, *line],
        env=stage.environ,
        cwd=stage.home,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    found = {
        row.rpartition("|")[2].strip()
        for row in done.stderr.splitlines()
        if row.startswith("import time:")
    }
    assert "tray.cli.main" in found
    return found


@pytest.mark.parametrize("line", [("credentials", "dev"), ("exec", "dev", "--", "true")])
def test_credentials_without_a_daemon_import_no_botocore(
    stage: Stage, line: tuple[str, ...]
) -> None:
    """One plain request to the portal; botocore's import would take most of the time."""
    stage.signed_in_by_cli()

    found = imported(stage, *line)

    assert set() == {"boto3", "botocore", "click", "keyring", "urllib3"} & found
    assert ["GetRoleCredentials"] == [one.operation for one in stage.center.requests]


def test_an_environment_is_unpacked_as_it_was_packed(tmp_path: Path) -> None:
    """Every member, whatever letters it holds; the keys that are not there are left out."""
    marks = {str(tmp_path / "config"): (1, 2, 3, 4, 5), str(tmp_path / "credentials"): None}
    before, after = (
        {"AWS_CA_BUNDLE": "/ä b=c"},
        {"AWS_ACCESS_KEY_ID": "A", "AWS_SESSION_TOKEN": None},
    )
    packed = ChildEnvironment(marks, "a\udcff é", None, before, after).packed()
    assert packed is not None

    got = ChildEnvironment.unpacked(packed)

    assert (marks, "a\udcff é", None) == (got.marks, got.name, got.region)
    assert (before, {"AWS_ACCESS_KEY_ID": "A"}) == (got.before, got.after)


@pytest.mark.parametrize("text", ["", "00", "6", "zz", b"a\0b\0c\0d\0e\0f\0\0g".hex()])
def test_what_is_no_environment_is_refused(text: str) -> None:
    """Whatever a daemon of another version answers is a ValueError, for the caller to expect."""
    with pytest.raises(ValueError, match=r"."):
        ChildEnvironment.unpacked(text)


def test_a_value_that_no_variable_can_hold_is_not_packed() -> None:
    """A NUL would end one field and begin another."""
    assert ChildEnvironment({}, "p", None, {"AWS_CA_BUNDLE": "a\0X=b"}, {}).packed() is None


def test_a_changed_config_is_seen(tmp_path: Path) -> None:
    """What the daemon read before the file changed, appeared or went is not used."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("a")
    marks = {str(path): file_mark(path) for path in (config, credentials)}
    given = ChildEnvironment(marks, "p", None, {}, {})
    seen = [given.still_true()]

    config.write_text("b")
    seen.append(given.still_true())
    config.unlink()
    seen.append(given.still_true())
    credentials.write_text("")
    seen.append(ChildEnvironment({str(credentials): None}, "p", None, {}, {}).still_true())

    assert [True, False, False, False] == seen


def test_exec_gives_the_same_with_and_without_a_daemon(tmp_path: Path) -> None:
    """The quick way and the whole command agree on every variable but the keys themselves."""
    with IdentityCenter() as center:
        stage = Stage(tmp_path, center)
        text = stage.config.read_text()
        stage.config.write_text(
            text.replace("region = eu-west-1", "region = eu-west-1\nuse_fips_endpoint = false")
        )
        stage.signed_in_by_cli()
        line = ("exec", "dev", "--", "env")
        more = {"AWS_PROFILE": "far", "AWS_ACCESS_KEY_ID": "old"}
        alone = stage.given_out(*line, **more)
        with stage.daemon():
            told = stage.given_out(*line, **more)

    keys = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    keys |= {"AWS_CREDENTIAL_EXPIRATION"}
    slow, quick = (
        dict(row.split("=", 1) for row in one.out.splitlines()) for one in (alone, told)
    )
    given = [[one.pop(key) for key in keys] for one in (slow, quick)]
    assert all(all(part) for part in given)
    assert slow == quick
    assert ("eu-west-1", "false") == (quick["AWS_REGION"], quick["AWS_USE_FIPS_ENDPOINT"])
