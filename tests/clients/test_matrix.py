"""The matrix of ``make clients`` where it is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.matrix import works_table
from tests.clients.matrix.__main__ import main
from tests.clients.matrix.cells import GROUPS
from tests.clients.matrix.expectations import differences, read_expected
from tests.clients.matrix.programs import PROGRAMS
from tests.clients.matrix.seen import Seen
from tray.core.doctor.config_forms import FORMS, Client
from tray.core.doctor.findings import Quirk
from tray.core.text.sentences import RESTART

NOTHING_ELSE = ("--group", "file", "--row", "expired")


def test_every_client_has_its_cell_in_every_row() -> None:
    """No client and no row is asked without anybody saying what to expect."""
    asked = {
        group: {
            row: {one.name for one in PROGRAMS if group in (one.groups or GROUPS)} for row in rows
        }
        for group, rows in GROUPS.items()
    }

    expected = read_expected()

    assert asked == {
        group: {row: set(cells) for row, cells in rows.items()} for group, rows in expected.items()
    }


def test_who_stays_signed_out_is_named_after_a_sign_out() -> None:
    """Whom a new sign-in does not bring back is whom ``logout`` says to restart."""
    after = read_expected()["running"]["signed in again"]

    dead = {name for name, did in after.items() if did != "yes"}
    assert dead == {name for name in after if name.split()[0] in re.findall(r"[\w+]+", RESTART)}


NAMES: dict[str, Client] = {
    "CLI": "AWS CLI", "CLI 2.9": "AWS CLI", "boto3": "boto3", "JS v3": "JavaScript",
    "Go v2": "Go", "Go v1": "Go v1", "Terraform": "Terraform", "Java": "Java", "Rust": "Rust",
    "deltalake": "Rust", "C++": "C++",
}  # fmt: skip
DID = {
    "it is read only": "yes", "it isn't read": "no", "it is refused": "no",
    "no profile of the whole file is read": "whole file",
    "no profile of that session is read": "whole file", "they are removed": "yes",
    "the later one is used": "yes", "[default] is used": "yes",
    "[profile default] is used": "second", "it is taken as it is": "no",
    "it is read instead of the one with that name": "second",
}  # fmt: skip
"""What stands in the matrix for each effect that ``doctor`` names."""


@pytest.mark.parametrize("quirk", [name for name in read_expected()["forms"] if name in FORMS])
def test_doctor_says_of_each_form_what_each_client_did(quirk: Quirk) -> None:
    """The table that ``doctor`` reads from is what the matrix expects, form by client."""
    form, seen = FORMS[quirk], read_expected()["forms"][quirk]
    usual = seen["CLI"]
    if any("AWS CLI" in clients for clients in form.cells.values()):
        usual = "no" if "it is read only" in form.cells else "yes"
    said = {
        name: next((DID[to] for to, of in form.cells.items() if client in of), usual)
        for name, client in NAMES.items()
    }

    assert said == seen


def test_the_guide_has_what_was_seen() -> None:
    """The guide's table is drawn from what the matrix expects."""
    page = works_table.PAGE.read_text(encoding="utf-8")

    assert works_table.documented(page) == page


def test_a_cell_that_differs_is_named_with_what_the_client_said() -> None:
    """What a client did otherwise than expected is a line with all four of them."""
    expected = {"file": {"expired": {"Go v2": "no", "Rust": "no"}}}
    seen = {
        ("file", "expired", "Go v2"): Seen("yes"),
        ("file", "expired", "Rust"): Seen("no", "the token\nhas expired"),
        ("file", "new row", "Rust"): Seen("no", "why"),
    }

    assert [
        "Go v2, file, expired: expected no, saw yes: ",
        "Rust, file, new row: expected None, saw no: why",
    ] == differences(seen, expected)


def test_a_missing_toolchain_skips_its_column_and_fails_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Rust its column is left out, in a sentence that says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)

    codes = [main(["--client", "Rust", "--client", "boto3", *NOTHING_ELSE])]
    monkeypatch.setenv("CI", "true")
    codes.append(main(["--client", "Rust", "--client", "boto3"]))

    sentence = "Rust is left out: cargo is missing: install Rust 1.88 or newer."
    told = capsys.readouterr().out
    assert ([0, 1], 2, 1) == (codes, told.count(sentence), told.count("All as expected."))
