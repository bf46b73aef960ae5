from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.aws.config_referee import check_same_catalog, check_same_verdict
from tray.aws.config.catalog import read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.errors import ConfigRejected

_FAULTS = Path(__file__).parent.parent / "data" / "config"
_FOLDERS = sorted(path.name for path in _FAULTS.iterdir() if path.is_dir())


@pytest.mark.parametrize("fault", _FOLDERS)
def test_a_bad_or_odd_file_means_what_it_means_to_botocore(fault: str) -> None:
    """Each folder holds files that somebody has, and gets botocore's verdict and values."""
    config = (_FAULTS / fault / "config").read_bytes()
    credentials = _FAULTS / fault / "credentials"

    taken = check_same_verdict(config)
    check_same_catalog(config, credentials.read_bytes() if credentials.exists() else None)

    assert taken == (credentials.exists() or not (_FAULTS / fault / "expected.txt").exists())


@pytest.mark.parametrize(
    "fault", [name for name in _FOLDERS if (_FAULTS / name / "expected.txt").exists()]
)
def test_a_refusal_names_file_line_and_reason(fault: str) -> None:
    """One sentence says where to look and what is wrong, without quoting values."""
    files = ConfigFiles(_FAULTS / fault / "config", _FAULTS / fault / "credentials")
    bad = files.credentials if files.credentials.exists() else files.config
    expected = (_FAULTS / fault / "expected.txt").read_text(encoding="utf-8").strip()

    with pytest.raises(ConfigRejected) as caught:
        read_catalog(files)

    assert str(bad) == caught.value.file
    assert caught.value.sentence.endswith(f"{bad.parent.name}{os.sep}{bad.name}, {expected}")
    assert caught.value.__context__ is None


def test_names_that_cannot_be_read_are_told_and_left_out() -> None:
    """These sections botocore drops without a word; we say where they are."""
    folder = _FAULTS / "unbalanced-quote"

    catalog = read_catalog(ConfigFiles(folder / "config", folder / "credentials"))

    assert ["default"] == [profile.name for profile in catalog.profiles]
    assert [
        ("line 4", "[profile it's]"),
        ("line 7", '[sso-session "corp]'),
        ("line 9", "[profile my dev]"),
        ("line 10", "[profile]"),
    ] == [
        (problem.split(": ")[0].split(", ")[-1], problem.split(" in ")[1].split(" is ")[0])
        for problem in catalog.problems
    ]
