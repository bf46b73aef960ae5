"""``doctor``: one screen of what works and what to do."""

from __future__ import annotations

import json
import platform
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click

import tray
from tray.cli.command_context import CommandContext
from tray.cli.doctor.probes import gathered
from tray.cli.front.terminal import Ended, WrongUse
from tray.core.doctor.findings import Finding, Verdict, worst
from tray.core.doctor.general_checks import judged
from tray.core.text.display_names import clean
from tray.core.text.sentences import counted

WIDTH: Final = 80
_SIGNS: Final[dict[Verdict, tuple[str, str]]] = {
    "ok": ("+", "green"),
    "note": ("-", "yellow"),
    "problem": ("x", "red"),
}
LIBRARIES: Final = (
    "boto3", "botocore", "click", "dbus-fast", "desktop-notifier", "keyring", "pillow", "plyer",
    "pystray",
)  # fmt: skip

_SHOWN_LIBRARIES: Final = ("boto3", "keyring", "pystray")


def doctor(*, as_json: bool, bundle: Path | None) -> None:
    if as_json and bundle is not None:
        raise WrongUse("Use --json or --bundle, not both: the archive contains the JSON.")
    context = CommandContext.of_this_process()
    findings = judged(gathered(context))
    document = doctor_document(findings)
    if bundle is not None:
        from tray.cli.doctor.support_bundle import write_bundle

        write_bundle(bundle, context, document)
        click.echo(f"Wrote {bundle}. It contains no secrets; check it before you send it.")
        return
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(_versions(document))
        click.echo()
        for line in screen(findings):
            click.echo(line)
    if worst(findings) == "problem":
        raise Ended("", 1)


def doctor_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the document of ``--json``; members are added, never changed."""
    return {
        "version": 1,
        "program": tray.__version__,
        "python": platform.python_version(),
        "system": sysconfig.get_platform(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
        "verdict": worst(findings),
        "findings": [asdict(one) for one in findings],
    }


def _versions(document: Mapping[str, Any]) -> str:
    found = {name: document["libraries"].get(name) for name in _SHOWN_LIBRARIES}
    beside = "".join(f", {name} {number}" for name, number in found.items() if number)
    return f"SSO Tray {document['program']}, Python {document['python']}{beside}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None  # of another system


def screen(findings: Sequence[Finding]) -> list[str]:
    """Return the lines to show: aligned, at most 80 wide, readable without colour."""
    lines: list[str] = []
    margin = max((len(clean(one.area, 24)) for one in findings), default=0)
    for one in findings:
        sign, colour = _SIGNS[one.verdict]
        head = f"{clean(one.area, 24).ljust(margin)}  "
        rest = _wrapped(clean(one.sentence, 600), WIDTH - 2 - len(head))
        lines.append(f"{click.style(sign, fg=colour, bold=True)} {head}{rest[0]}")
        lines += [" " * (2 + len(head)) + more for more in rest[1:]]
        if one.remedy:
            lines.append(" " * (2 + len(head)) + click.style(f"> {one.remedy}", bold=True))
    counts = [sum(one.verdict == verdict for one in findings) for verdict in ("problem", "note")]
    return [*lines, "", f"{_summary(*counts)}."]


def _summary(problems: int, notes: int) -> str:
    first = counted(problems, "problem") if problems else "No problems"
    return f"{first}, {counted(notes, 'note')}" if notes else first


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    # A path is not broken, so that it can be copied.
    whole = wrap(text, max(30, width), break_on_hyphens=False, break_long_words=False)
    return whole or [""]
