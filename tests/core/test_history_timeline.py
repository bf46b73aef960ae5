"""The history as a timeline: spans, failures and uses, from its lines alone."""

from __future__ import annotations

from tray.core.views.history_lines import (
    HistoryLine,
    ProgramUse,
    history_lines,
    last_used,
    program_uses,
)
from tray.core.views.history_timeline import timeline

GIVEN = 'dev ("123456789011/FullAccess"), to terraform (4711)'


def line(at: float, what: str, detail: str = "", session: str | None = "corp") -> HistoryLine:
    """Return a line of corp's history."""
    return HistoryLine(at, what, session, detail)


def test_a_line_says_role_and_program() -> None:
    """Of credentials and consoles alone; a chain's first role and process numbers are left out."""
    chained = line(0, "credentials", 'deep (through "1/Hop"), to aws (12)')

    assert ("dev", "terraform") == (
        line(0, "credentials", GIVEN).role,
        line(0, "credentials", GIVEN).program,
    )
    assert ("deep", "aws") == (chained.role, chained.program)
    assert ("dev", "") == (
        line(0, "credentials", "dev").role,
        line(0, "credentials", "dev").program,
    )
    assert ("123456789011/ReadOnly", None) == (
        line(0, "console-opened", '"123456789011/ReadOnly"').role,
        line(0, "console-opened", "dev").program,
    )
    assert (None, None) == (line(0, "renewed").role, line(0, "renewed").program)


def test_lines_of_another_form_are_left_out() -> None:
    """What was edited, cut or is of another kind costs that line alone."""
    good = {"at": "2026-07-01T10:00:00Z", "what": "renewed", "session": "corp"}
    others: list[object] = [
        None,
        5,
        [],
        {},
        {**good, "at": "soon"},
        {**good, "what": 7},
        {**good, "session": 7},
    ]

    assert ["renewed"] == [one.what for one in history_lines([*others, good])]


def test_uses_are_counted_by_program_and_role() -> None:
    """The latest first, only since the moment asked for; a look at an identity is no use."""
    lines = [
        line(1, "credentials", GIVEN), line(50, "credentials", "dev, to aws (2)"),
        line(60, "credentials", GIVEN), line(70, "credentials", GIVEN), line(80, "whoami", GIVEN),
    ]  # fmt: skip

    assert {"corp": [ProgramUse("terraform", "dev", 2, 70), ProgramUse("aws", "dev", 1, 50)]} == (
        program_uses(lines, since=10)
    )
    assert {"dev": 80} == last_used(lines)


def test_a_session_is_drawn_from_sign_in_to_sign_out() -> None:
    """Also one that began before, and one that goes on; failures keep their reasons."""
    lines = [
        line(10, "signed-in"), line(120, "renewed"), line(130, "renewed"), line(150, "signed-out"),
        line(160, "sign-in-failed", "denied"), line(180, "signed-in"), line(500, "signed-out"),
    ]  # fmt: skip

    found = timeline(lines, 100, 200, 10)

    (lane,) = found.sessions
    assert [(100, 150), (180, 200)] == lane.spans
    assert [0, 0, 1, 1, 0, 0, 0, 0, 0, 0] == lane.renewals
    assert [(160, "sign-in failed: denied")] == [(one.at, one.text) for one in lane.failures]
    assert [180, 160, 150, 130, 120] == [one.at for one in found.events]


def test_programs_are_drawn_by_how_often_they_used_a_role() -> None:
    """The busiest first; what is older than asked for is not counted."""
    lines = [line(at, "credentials", GIVEN) for at in (5, 101, 102, 199)]
    lines.append(line(150, "credentials", "dev, to aws (2)"))

    found = timeline(lines, 100, 200, 10)

    assert [
        ("terraform", (2, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
        ("aws", (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)),
    ] == [(one.program, one.uses) for one in found.programs]
    assert () == found.sessions
