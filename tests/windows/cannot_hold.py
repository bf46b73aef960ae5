"""
A plugin of pytest for the Windows Python: skips, with the reason, what cannot hold there.

A module that is missing is replaced by one whose first call skips the test that made it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, MutableSequence, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

ABSENT: Final = {
    "cryptography": "under Wine 8 its DLL cannot be loaded",
    "secretstorage": "Windows has no Secret Service",
    "jeepney": "Windows has no D-Bus",
    "jsonschema": "under Wine 8 the DLL of rpds, which it needs, cannot be loaded",
}
"""Modules, and why they are missing."""

NOT_COLLECTED: Final = {
    "tests/credential_helper/test_another_user.py": "Windows has no user numbers",
    "tests/credential_helper/test_client.py": (
        "its home is a POSIX one, without a keyring; the walk starts the helper as SDKs do"
    ),
    "tests/test_agent.py": "its daemon is a socket in a folder; windows_pipe.py asks a real one",
    "tests/test_files_directories.py": "Windows has no modes of directories",
    "tests/test_upgrade.py": "it is about the scripts of Debian's package",
    "tests/worker/test_vault_secret_service.py": "Windows has no Secret Service",
}
"""Files of which no test could hold, those that are not asked for included."""

HELD_OPEN: Final = "Windows replaces no file that a program has open"
NO_MODES: Final = "Windows has no modes of files"
NO_LINKS: Final = "Wine makes symbolic links and does not resolve them"
NO_SOCKETS: Final = "Windows' Python has no sockets in folders"
NO_BIRTH: Final = "Wine gives a folder's last change as its birth"
NO_SOURCE: Final = "it reads our source, which is not beside it there"
POSIX_PATHS: Final = "it names POSIX' paths; windows_system.py has those of Windows"

CANNOT_HOLD: Final = {
    "tests/worker/test_vault.py::test_two_ways_to_the_same_cache_directory_are_one": (NO_LINKS),
    "tests/aws/test_token_cache.py::TestRead::test_present": (NO_LINKS),
    "tests/aws/test_token_cache.py::TestRead::test_unusable[loop]": (NO_LINKS),
    "tests/worker/test_adoption.py::test_a_link_is_kept": NO_LINKS,
    "tests/worker/test_adoption.py::test_a_writer_that_opened": HELD_OPEN,
    "tests/worker/test_adoption.py::test_a_late_writer": HELD_OPEN,
    "tests/worker/test_keyring_required.py::test_a_login_written_while_it_is_adopted": HELD_OPEN,
    "tests/aws/test_token_cache.py::TestRead::test_unusable[under a file]": (
        "Windows says of what is under a file that it is missing"
    ),
    "tests/test_logs.py::test_files_are_the_users_alone": NO_MODES,
    "tests/test_logs.py::test_a_log_that_was_open_to_others": NO_MODES,
    "tests/test_records.py::test_file_and_directory_are_the_users_alone": NO_MODES,
    "tests/test_settings.py::test_what_the_menu_writes_is_the_users_alone": NO_MODES,
    "tests/system/test_watch_threads.py::test_files_and_directories_that_come": (
        "Wine removes no directory that is watched, as Windows did before version 10"
    ),
    "tests/aws/test_config_files.py::test_files_stand_in_the_home": POSIX_PATHS,
    "tests/aws/test_config_files.py::test_paths_are_expanded_as_botocore_does": POSIX_PATHS,
    "tests/aws/test_config_files.py::test_a_change_that_keeps_size_and_mtime": (
        "Windows' stat tells no time of a change but the last write"
    ),
    "tests/test_files.py::TestReadSmall::test_follows_a_link": NO_LINKS,
    "tests/test_files.py::TestReadSmall::test_refuses_what_is_no_regular_file[a device]": NO_LINKS,
    "tests/test_files.py::TestReadSmall::test_refuses_what_is_no_regular_file[a socket]": (
        NO_SOCKETS
    ),
    "tests/test_files.py::TestReadSmall::test_descriptor_outlives_the_name": HELD_OPEN,
    "tests/test_files.py::TestWriteAtomic::test_mode_is_exact": NO_MODES,
    "tests/test_files.py::TestWriteAtomic::test_keeps_a_link": NO_LINKS,
    "tests/test_files.py::TestWriteAtomic::test_link_": NO_LINKS,
    "tests/test_files.py::TestWriteAtomic::test_refuses_another_users_file": (
        "Windows has no user numbers"
    ),
    "tests/test_golden_files.py::test_the_note_of_0_1s_package_scripts": (
        "the scripts are those of Debian's package"
    ),
    "tests/test_golden_files.py::test_a_client_understands_a_daemon": NO_SOCKETS,
    "tests/test_golden_files.py::test_a_daemon_understands_the_requests": NO_SOCKETS,
    "tests/test_golden_files.py::test_no_format_follows_a_name_of_ours": NO_SOURCE,
    "tests/worker/test_removal.py::test_a_file_removed_during_a_renewal": NO_BIRTH,
    "tests/test_config_file.py::test_link_and_mode_stay": NO_MODES,
    "tests/test_config_file.py::test_a_missing_file_is_made_for_the_user_alone": NO_MODES,
    "tests/test_config_file.py::test_killed_at_any_step": "Windows has no fork",
    "tests/aws/test_credential_process.py::test_shlex_and_sh_find_the_same_words": (
        "Windows has no sh"
    ),
    "tests/aws/test_timestamps.py::test_same_as_botocore": (
        "Windows' C library has no times before 1970, which botocore asks it for"
    ),
}
"""Beginnings of tests' names, and why those cannot hold."""


class _Absent(ModuleType):
    __path__: MutableSequence[str] = []  # noqa: RUF012  (as every package has)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(f"{self.__name__}.{name}")

    def __call__(self, *_: object, **__: object) -> Any:
        pytest.skip(ABSENT[self.__name__.partition(".")[0]])


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        absent = fullname.partition(".")[0] in ABSENT
        return ModuleSpec(fullname, self, is_package=True) if absent else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


sys.meta_path.insert(0, _Finder())


def _skipping(reason: str) -> Callable[..., None]:
    def called(*_: object, **__: object) -> None:
        pytest.skip(reason)

    return called


# Which nothing of ours asks for: what is missing has to stay missing for the program itself.
vars(os).setdefault("mkfifo", _skipping("Windows has no named pipes in folders"))
vars(os).setdefault("chown", _skipping("Windows has no user numbers"))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave whole files out."""
    named = collection_path.as_posix()
    return True if any(named.endswith(one) for one in NOT_COLLECTED) else None


def pytest_report_header() -> list[str]:
    """Say which files are left out, and why."""
    return [f"left out: {file}: {reason}" for file, reason in NOT_COLLECTED.items()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what cannot hold."""
    for item in items:
        for beginning, reason in CANNOT_HOLD.items():
            if item.nodeid.startswith(beginning):
                item.add_marker(pytest.mark.skip(reason=reason))
