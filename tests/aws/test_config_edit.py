from __future__ import annotations

import tempfile
from pathlib import Path

import botocore.configloader
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.aws import config_referee
from tray.aws.config import ini
from tray.aws.config.config_edit import (
    EditRefused,
    SectionEdit,
    edited,
    profile_header,
    session_header,
    written_header,
)
from tray.aws.config.config_layout import joined, lines_of, section_span
from tray.errors import ConfigRejected, TrayError

FILE = "~/.aws/config"

WRITTEN = b"""\
# mine
[profile dev]
region=eu-west-1   
; about the output
output = json

# about prod
[profile prod]
s3 =
  addressing_style = path

  max_queue_size = 10
region: eu-west-2
"""  # noqa: W291  (blanks at a line's end stay, too)


def edit(data: bytes, header: str, *remove: str, **put: str) -> bytes:
    """Make one edit."""
    return edited(data, FILE, [SectionEdit(header, put, remove)])


CHANGES = {
    "a value": (
        edit(WRITTEN, "profile dev", region="us-east-1"),
        WRITTEN.replace(b"region=eu-west-1   \n", b"region=us-east-1\n"),
    ),
    "the value it has": (edit(WRITTEN, "profile dev", region="eu-west-1"), WRITTEN),
    "a value after a colon": (
        edit(WRITTEN, "profile prod", region="us-east-1"),
        WRITTEN.replace(b"region: eu-west-2", b"region: us-east-1"),
    ),
    "a new key": (
        edit(WRITTEN, "profile dev", cli_pager="less"),
        WRITTEN.replace(b"output = json\n", b"output = json\ncli_pager = less\n"),
    ),
    "a block by a value": (
        edit(WRITTEN, "profile prod", s3="x"),
        WRITTEN.replace(
            b"s3 =\n  addressing_style = path\n\n  max_queue_size = 10\n", b"s3 = x\n"
        ),
    ),
    "a key less": (
        edit(WRITTEN, "profile dev", "output", "missing"),
        WRITTEN.replace(b"output = json\n", b""),
    ),
    "a new section": (
        edit(WRITTEN, "profile new", region="eu-west-3", output="text"),
        WRITTEN + b"\n[profile new]\nregion: eu-west-3\noutput: text\n",
    ),
    "a new section in a new file": (
        edit(b"", "sso-session corp", sso_region="eu-west-2"),
        b"[sso-session corp]\nsso_region = eu-west-2\n",
    ),
    "lines of Windows": (
        edit(b"[a]\r\nx=1\r\n", "b", y="2"),
        b"[a]\r\nx=1\r\n\r\n[b]\r\ny=2\r\n",
    ),
    "a last line without an end": (edit(b"[a]\nx = 1", "a", y="2"), b"[a]\nx = 1\ny = 2"),
    "a section after such a line": (
        edit(b"[a]\nx = 1", "b", y="2"),
        b"[a]\nx = 1\n\n[b]\ny = 2",
    ),
    "a comment in a block that goes": (
        edit(b"[a]\ns3 =\n  # why\n\n  x = y\nk = v\n", "a", "s3"),
        b"[a]\n  # why\nk = v\n",
    ),
    "a comment in a block that is replaced": (
        edit(b"[a]\r\nk: v\r\n# why\r\n  w\r\n", "a", k="x"),
        b"[a]\r\nk: x\r\n# why\r\n",
    ),
    "a key below one that is less deep than the first": (
        edit(b"[a]\n    k = v\n  l = w\n  [b]\n", "a", x="y"),
        b"[a]\n    k = v\n  l = w\n  x = y\n  [b]\n",
    ),
    "a first key above a header that stands deeper": (
        edit(b"[a]\n# of b\n  [b]\n", "a", x="y"),
        b"[a]\n  x = y\n# of b\n  [b]\n",
    ),
    "nothing into nothing": (edit(WRITTEN, "profile new", "region"), WRITTEN),
    "an empty value": (edit(b"[a]\nx =\n", "a", x="1"), b"[a]\nx = 1\n"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_edit_touches_its_own_lines_alone(name: str) -> None:
    """Comments, order, blanks and line ends stay byte for byte."""
    result, expected = CHANGES[name]

    assert expected == result


def test_a_section_is_taken_out_with_the_blank_line_it_came_with() -> None:
    """What was put in can be taken out again without a trace; comments stay."""
    put_in = edit(WRITTEN, "default", region="eu-west-3")

    taken_out = edited(put_in, FILE, [SectionEdit("default", drop=True)])

    assert WRITTEN == taken_out


def test_one_section_may_be_edited_again_and_again() -> None:
    """Each edit goes on from the one before, also where the section came or went between them."""
    steps = [
        SectionEdit("a", remove=("x",)),
        SectionEdit("a", {"y": "1"}),
        SectionEdit("a", drop=True),
        SectionEdit("a", {"z": "1"}),
        SectionEdit("a", {"z": "2"}),
    ]

    assert b"# top\n\n[a]\nz = 2\n" == edited(b"# top\n[a]\nx = 1\n", FILE, steps)


REFUSED = {
    "a second line": SectionEdit("profile dev", {"region": "x\naws_access_key_id = y"}),
    "a line end of another kind": SectionEdit("profile dev", {"region": "x\x0by"}),
    "blanks around": SectionEdit("profile dev", {"region": " x"}),
    "no value": SectionEdit("profile dev", {"region": ""}),
    "a comment to Go": SectionEdit("profile dev", {"region": "x # y"}),
    "a key that is none": SectionEdit("profile dev", {"re gion": "x"}),
    "a key that opens a section": SectionEdit("profile dev", {"[x": "y]"}),
    "a header of two lines": SectionEdit("a]\n[b", {"region": "x"}),
    "everybody's defaults": SectionEdit("DEFAULT", {"region": "x"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_say_more_than_it_seems_is_refused(name: str) -> None:
    """No name or value can bring in a line of its own."""
    with pytest.raises(EditRefused):
        edited(b"[profile dev]\nregion = x\n", FILE, [REFUSED[name]])


def test_what_looks_like_a_header_in_a_block_is_none() -> None:
    """A deeper line belongs to the option above, whatever it looks like."""
    data = b"[profile dev]\ndeep =\n   [profile other] = x\nregion = x\n"

    assert b"[profile dev]\nregion = x\n" == edit(data, "profile dev", "deep")


def test_a_file_that_botocore_refuses_is_left_alone() -> None:
    """The sentence names file and line."""
    with pytest.raises(ConfigRejected) as caught:
        edit(b"[a]\nx = 1\n[a]\n", "a", y="2")

    assert 3 == caught.value.line
    assert FILE in caught.value.sentence


NAMES = {
    "dev": "profile dev",
    "default": "default",
    "two words": 'profile "two words"',
    "Zoë": 'profile "Zoë"',
    "a/b@c:d": "profile a/b@c:d",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_again(name: str) -> None:
    """A header is quoted where botocore wants it, and leads back to its name."""
    header = profile_header(name)

    data = edit(b"", header, region="x")

    assert NAMES[name] == header == written_header(data, FILE, "profile", name)
    assert [name] == list(_loaded(data)["profiles"])


@pytest.mark.parametrize("name", ["", " a", "a]b", "a\nb", 'a"b', "a'b", "a\\b", "a#b"])
def test_a_name_that_some_sdk_reads_otherwise_is_refused(name: str) -> None:
    """Neither profile nor session gets a name that breaks out of its header."""
    for header in (profile_header, session_header):
        with pytest.raises(EditRefused):
            header(name)


def test_a_header_as_it_is_written_is_found() -> None:
    """Quotes and blanks in a header do not hide a profile; the last one counts."""
    data = b'[profile a]\n[profile  "b c"]\n[profile "a"]\n[sso-session a]\n'

    found = [
        written_header(data, FILE, kind, name)
        for kind, name in (("profile", "a"), ("profile", "b c"), ("sso-session", "a"))
    ]

    assert ['profile "a"', 'profile  "b c"', "sso-session a"] == found
    assert written_header(data, FILE, "profile", "c") is None


KEYS = st.sampled_from(["region", "output", "sso_session", "s3", "k", "x"])
VALUES = st.sampled_from(["eu-west-1", "json", "https://x/start/#/", "a = b", "[x]", "%(y)s", "é"])
HEADERS = st.sampled_from(
    ["default", "profile dev", 'profile "dev"', "profile 'a b'", "sso-session corp", "new", "a"]
)
EDITS = st.builds(
    SectionEdit,
    HEADERS,
    st.dictionaries(KEYS, VALUES, max_size=2),
    st.lists(KEYS, max_size=2).map(tuple),
    st.sampled_from([False, False, True]),
)


def test_botocore_reads_the_change_and_nothing_else() -> None:
    """Any file, any edit: botocore reads back exactly what was meant; refusals are few."""
    count = {"edited": 0, "refused": 0}

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(config_referee.files(), st.lists(EDITS, min_size=1, max_size=3))
    @example(b"[a]\nx = 1", [SectionEdit("new", {"x": "2"})])
    @example(b"[DEFAULT]\nregion = x\n[a]\nregion = y\n", [SectionEdit("a", {}, ("region",))])
    def read_back(data: bytes, edits: list[SectionEdit]) -> None:
        try:
            after = edited(data, FILE, edits)
        except ConfigRejected:
            assume(False)
            raise
        except EditRefused:
            count["refused"] += 1
            return
        count["edited"] += 1
        expected = _meant(data, edits)
        found = _raw(after)
        assert expected == found
        assert list(expected) == list(found)
        if not any(one.drop or one.remove or one.put for one in edits):
            assert data == after

    read_back()

    assert count["edited"] >= 5 * count["refused"], count


def _meant(data: bytes, edits: list[SectionEdit]) -> dict[str, dict[str, object]]:
    """Return what botocore has to read after some edits, from what it read before them."""
    sections = _raw(data)
    given = _raw(data + b"\n[a probe]\n")["a probe"]  # what [DEFAULT] gives to each of them
    for one in edits:
        if one.drop:
            sections.pop(one.header, None)
        elif one.header in sections or one.put:
            own = sections.get(one.header, given)
            kept = {key: value for key, value in own.items() if key not in one.remove}
            back = {key: given[key] for key in one.remove if key in given}
            sections[one.header] = {**kept, **back, **one.put}
    return sections


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    config_referee.lines().map(lambda tail: b"[default]\n" + tail) | config_referee.mutated(),
    st.builds(
        SectionEdit,
        HEADERS,
        st.dictionaries(KEYS, VALUES, max_size=3),
        st.lists(KEYS, max_size=2).map(tuple),
        st.sampled_from([False, False, False, True]),
    ),
)
@example(b"[default]\n  region = x\n  [a]\nk=v", SectionEdit("default", {"k": "v"}))
@example(b"[default]\nk = 1\r", SectionEdit("new", {"k": "v"}))
def test_no_byte_changes_that_was_not_meant_to(data: bytes, one: SectionEdit) -> None:
    """Outside its section all stays, and in it every comment and every line of other keys."""
    try:
        after = edited(data, FILE, [one])
    except EditRefused:
        assert one.drop  # what it kept apart would run together
        return
    except ConfigRejected:
        assume(False)
        raise
    lines = lines_of(data.decode())
    span = section_span(lines, one.header)
    if span is None:
        assert after.startswith(data)
        return
    head = joined(lines[: span.start]).encode()
    tail = joined(lines[span.stop :]).encode()
    if one.drop:
        gap = joined(lines[max(0, span.start - 1) : span.start]).encode()
        both = [head + tail, head.removesuffix(gap) + tail] if not gap.strip() else [head + tail]
        assert after.rstrip(b"\r\n") in [each.rstrip(b"\r\n") for each in both]
        return
    assert after.startswith(head)
    assert after.endswith(tail)
    ahead = iter(lines_of(after[len(head) : len(after) - len(tail)].decode()))
    touched = {*one.put, *one.remove}
    owner = ""
    for line in lines[span.start : span.stop]:
        owner = line.name if line.kind in ("option", "header") else owner
        comment = line.kind == "rest" and line.text.strip()
        if comment or owner not in touched:
            assert any(line.text == each.text for each in ahead)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(config_referee.files(), st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_a_new_section_comes_and_goes_without_a_trace(data: bytes, put: dict[str, str]) -> None:
    """Whatever the file: what was appended is taken out again byte for byte."""
    try:
        assume("new" not in ini.parse(data, FILE))
        grown = edited(data, FILE, [SectionEdit("new", put)])
    except TrayError:
        return
    gap = not _ends_blank(data)

    shrunk = edited(grown, FILE, [SectionEdit("new", drop=True, gap=gap)])

    assert data == shrunk


def _ends_blank(data: bytes) -> bool:
    """Whether the file is empty or its last line holds nothing."""
    text = data.decode().replace("\r\n", "\n").replace("\r", "\n")
    lines = text.removesuffix("\n").split("\n")
    return not text or not lines[-1].strip()


def _raw(data: bytes) -> dict[str, dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_bytes(data)
        found: dict[str, dict[str, object]] = botocore.configloader.raw_config_parse(str(path))
        return found


def _loaded(data: bytes) -> dict[str, dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_bytes(data)
        found: dict[str, dict[str, object]] = botocore.configloader.load_config(str(path))
        return found
