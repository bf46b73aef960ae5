from __future__ import annotations

import os
from pathlib import Path

import pytest

from tray.credential_helper.credentials import OF_ENDPOINTS
from tray.system.agent_places import LONGEST_SOCKET_PATH, is_private_directory
from tray.system.paths import ENDPOINT_VARIABLES, Paths, fingerprint, world


def private(directory: Path) -> Path:
    """Make a directory only its owner may enter."""
    directory.mkdir(parents=True)
    directory.chmod(0o700)
    return directory


def test_home_moves_everything() -> None:
    """With nothing but HOME every path lies below it, at the places rule F1 names."""
    paths = Paths.from_environment({"HOME": "/somewhere/ann"})

    assert (
        Path("/somewhere/ann/.aws/config"),
        Path("/somewhere/ann/.aws/credentials"),
        Path("/somewhere/ann/.aws/sso/cache"),
        Path("/somewhere/ann/.aws/cli/cache"),
        Path("/somewhere/ann/.config/sso-tray/config.toml"),
        Path("/somewhere/ann/.local/state/sso-tray"),
        (Path("/somewhere/ann/.local/state/sso-tray/run/agent.sock"),),
    ) == (
        paths.aws_config,
        paths.aws_credentials,
        paths.token_cache,
        paths.cli_cache,
        paths.settings_file,
        paths.state,
        paths.runtime_sockets,
    )


def test_xdg_moves_our_own_files_only() -> None:
    """XDG_CONFIG_HOME and XDG_STATE_HOME move our files; AWS's stay in the home."""
    paths = Paths.from_environment(
        {"HOME": "/h", "XDG_CONFIG_HOME": "/conf", "XDG_STATE_HOME": "/stat"}
    )

    assert (
        Path("/conf/sso-tray/config.toml"),
        Path("/stat/sso-tray"),
        Path("/h/.aws/config"),
    ) == (paths.settings_file, paths.state, paths.aws_config)


@pytest.mark.parametrize("value", ["", "relative/dir"])
def test_an_xdg_variable_that_is_no_absolute_path_is_ignored(value: str) -> None:
    """The XDG specification: empty or relative values count as not set."""
    paths = Paths.from_environment({"HOME": "/h", "XDG_STATE_HOME": value})

    assert Path("/h/.local/state/sso-tray") == paths.state


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/etc/aws.ini", "/etc/aws.ini"),
        ("~/work.ini", "/h/work.ini"),
        ("~", "/h"),
        ("$HOME/a b.ini", "/h/a b.ini"),
        ("${HOME}/x", "/h/x"),
        ("/a/$UNSET_VARIABLE/b", "/a/$UNSET_VARIABLE/b"),
        ("", "/h/.aws/config"),
    ],
)
def test_aws_config_file_is_expanded_as_botocore_does(value: str, expected: str) -> None:
    """AWS_CONFIG_FILE may hold variables and ~; empty counts as not set."""
    paths = Paths.from_environment({"HOME": "/h", "AWS_CONFIG_FILE": value})

    assert Path(expected) == paths.aws_config


def test_aws_shared_credentials_file_moves_the_credentials() -> None:
    """AWS_SHARED_CREDENTIALS_FILE is honoured, and moves nothing else."""
    paths = Paths.from_environment({"HOME": "/h", "AWS_SHARED_CREDENTIALS_FILE": "~/c"})

    assert (Path("/h/c"), Path("/h/.aws/config")) == (paths.aws_credentials, paths.aws_config)


def test_without_home_the_systems_record_decides() -> None:
    """No HOME is no error: the user database knows one."""
    paths = Paths.from_environment({})

    assert paths.home.is_absolute()


def test_a_private_runtime_directory_comes_first(tmp_path: Path) -> None:
    """XDG_RUNTIME_DIR of our own, mode 0700: the socket is there, the state directory second."""
    runtime = private(tmp_path / "run")

    sockets = Paths.from_environment(
        {"HOME": "/h", "XDG_RUNTIME_DIR": str(runtime)}
    ).runtime_sockets

    expected = (
        runtime / "sso-tray/agent.sock",
        Path("/h/.local/state/sso-tray/run/agent.sock"),
    )
    assert expected == sockets


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_runtime_directory_open_to_others_is_not_used(tmp_path: Path, mode: int) -> None:
    """An XDG_RUNTIME_DIR that others may enter is no place for the socket."""
    runtime = private(tmp_path / "run")
    runtime.chmod(mode)

    paths = Paths.from_environment({"HOME": "/h", "XDG_RUNTIME_DIR": str(runtime)})

    assert (Path("/h/.local/state/sso-tray/run/agent.sock"),) == paths.runtime_sockets


def test_a_missing_directory_and_a_file_are_not_private_directories(tmp_path: Path) -> None:
    """Only a directory can be a private directory."""
    file = tmp_path / "file"
    file.touch(0o700)

    assert (False, False) == (
        is_private_directory(str(tmp_path / "no")),
        is_private_directory(str(file)),
    )


def test_a_long_socket_path_is_shortened_within_the_home() -> None:
    """Too long for a unix socket: a hashed name in the home, short enough, never in /tmp."""
    state = "/h/" + "long/" * 30
    other = "/h/" + "size/" * 30

    (shortened,) = Paths.from_environment({"HOME": "/h", "XDG_STATE_HOME": state}).runtime_sockets
    (another,) = Paths.from_environment({"HOME": "/h", "XDG_STATE_HOME": other}).runtime_sockets

    assert shortened.is_relative_to("/h")
    assert len(os.fsencode(shortened)) <= LONGEST_SOCKET_PATH
    assert shortened != another


def test_the_world_names_paths_and_endpoints_and_no_credential() -> None:
    """What rule C3 compares holds every endpoint variable, and nothing secret."""
    described = world(
        {
            "HOME": "/h",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_ENDPOINT_URL_SSO_OIDC": "http://127.0.0.1:2",
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000",
            "AWS_SECRET_ACCESS_KEY": "wJalr",
            "AWS_PROFILE": "dev",
        }
    )

    assert {
        "aws_config": "/h/.aws/config",
        "aws_credentials": "/h/.aws/credentials",
        "token_cache": "/h/.aws/sso/cache",
        "settings_file": "/h/.config/sso-tray/config.toml",
        "state": "/h/.local/state/sso-tray",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_SSO_OIDC": "http://127.0.0.1:2",
    } == described


def test_the_helper_and_the_daemon_compare_the_same_variables() -> None:
    """The credential helper, which imports nothing of ours, sends just what makes a world."""
    assert ENDPOINT_VARIABLES == tuple(name.decode() for name in OF_ENDPOINTS)


def test_the_same_world_has_the_same_fingerprint_and_another_another() -> None:
    """Two ways to say the same are one world; another endpoint is another world."""
    plain = fingerprint({"HOME": "/h"})

    assert plain == fingerprint({"HOME": "/h", "AWS_CONFIG_FILE": "~/.aws/config", "TERM": "x"})
    assert plain == fingerprint({"HOME": "/h", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8"})
    assert plain != fingerprint({"HOME": "/h", "AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:2"})
