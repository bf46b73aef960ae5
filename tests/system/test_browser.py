from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tray.errors import OurBug
from tray.system.browser import browser_command, open_browser

URL = "https://oidc.eu-west-1.amazonaws.com/authorize?a=1&b=%2F;$(touch+x)"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of our own, empty yet."""
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


def install(programs: Path, name: str, *lines: str) -> Path:
    """Put a shell script on the PATH of a test."""
    script = programs / name
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def recorder(programs: Path, name: str) -> Path:
    """Install a browser that writes down its arguments, one a line."""
    told = programs / f"{name}.told"
    install(programs, name, f'printf "%s\\n" "$@" > "{told}.new"', f'mv "{told}.new" "{told}"')
    return told


def environment(programs: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which only the test's own programs are found."""
    return {"PATH": str(programs), **variables}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("firefox", [("firefox", "%s")]),
        ("firefox %s", [("firefox", "%s")]),
        ("firefox -P work %s &", [("firefox", "-P", "work", "%s")]),
        ("firefox -P 'my work' --url=%s", [("firefox", "-P", "my work", "--url=%s")]),
        ("firefox -P work", [("firefox", "-P", "work", "%s")]),
        ("one:two %s:", [("one", "%s"), ("two", "%s")]),
        ("lynx", [("lynx", "%s")]),
        ("it's", [("it's", "%s")]),
    ],
)
def test_browser_is_taken_in_pythons_forms(value: str, expected: list[tuple[str, ...]]) -> None:
    """Rule L1: BROWSER with %s, without, with a trailing &, as a list."""
    choice = browser_command({"BROWSER": value})

    assert ("BROWSER", expected) == (choice.source, list(choice.commands))


@pytest.mark.parametrize(
    "around",
    [
        {},
        {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"},
        {"container": "podman"},
        {"WSL_DISTRO_NAME": "Debian"},
        {"DISPLAY": ":0"},
    ],
)
def test_a_set_browser_is_always_a_browser(around: dict[str, str]) -> None:
    """Rule L1: whatever DISPLAY, SSH, container or WSL say."""
    assert browser_command({"BROWSER": "w3m", **around}).available


def test_a_path_with_spaces_is_one_program(tmp_path: Path) -> None:
    """As in `webbrowser`, without %s the whole value may be one file's path."""
    program = tmp_path / "my browser"
    program.touch()

    assert ((str(program), "%s"),) == browser_command({"BROWSER": str(program)}).commands


def test_the_sessions_own_browser_comes_first() -> None:
    """Rule L11: a session's template wins over BROWSER."""
    choice = browser_command({"BROWSER": "firefox"}, "chromium --profile=work")

    assert ("template", (("chromium", "--profile=work", "%s"),)) == (
        choice.source,
        choice.commands,
    )


@pytest.mark.parametrize(
    ("around", "word"),
    [
        ({}, "display"),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "SSH"),
        ({"WSL_DISTRO_NAME": "Debian"}, "wslview"),
        ({"container": "podman"}, "container"),
    ],
)
def test_without_a_display_there_is_no_browser(
    programs: Path, around: dict[str, str], word: str
) -> None:
    """SSH, WSL, containers and consoles: no browser, and one sentence why."""
    for name in ("xdg-open", "firefox", "www-browser"):
        install(programs, name)

    choice = browser_command(environment(programs, **around))

    assert (False, "none") == (choice.available, choice.source)
    assert word in choice.reason


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_a_display_the_desktops_browser_opens(programs: Path, variable: str) -> None:
    """On a desktop xdg-open is asked first, graphical browsers after it."""
    install(programs, "xdg-open")
    install(programs, "firefox")

    choice = browser_command(environment(programs, **{variable: ":0"}))

    assert (("xdg-open", "%s"), ("firefox", "%s")) == choice.commands


def test_a_text_browser_is_never_chosen_for_the_user(programs: Path) -> None:
    """Fault 55: never lynx in our terminal."""
    for name in ("lynx", "w3m", "links", "elinks", "www-browser"):
        install(programs, name)

    choice = browser_command(environment(programs, DISPLAY=":0"))

    assert (False, "no browser is installed (or set BROWSER)") == (
        choice.available,
        choice.reason,
    )


def test_xdg_open_is_kept_from_text_browsers(programs: Path) -> None:
    """xdg-open's own list ends in text browsers; it is given ours, or none, instead."""
    told = programs / "told"
    install(programs, "xdg-open", f'echo "$BROWSER" > "{told}"')
    install(programs, "lynx")

    opened = open_browser(URL, environment(programs, DISPLAY=":0"), grace=60)

    assert (True, "false\n") == (opened, told.read_text())


def test_wslview_opens_the_browser_of_windows(programs: Path) -> None:
    """In WSL the browser is on the other side, display or not."""
    install(programs, "wslview")

    choice = browser_command(environment(programs, WSL_DISTRO_NAME="Debian"))

    assert (("wslview", "%s"),) == choice.commands


def test_the_url_is_one_argument_and_never_a_shell_line(programs: Path) -> None:
    """What a shell would take apart or run arrives whole."""
    told = recorder(programs, "recorder")
    environ = environment(programs, BROWSER="recorder --new %s") | {
        "PATH": f"{programs}{os.pathsep}{os.defpath}"
    }

    opened = open_browser(URL, environ, grace=60)

    assert (True, ["--new", URL]) == (opened, told.read_text().splitlines())


def test_one_that_fails_is_followed_by_the_next(programs: Path) -> None:
    """A missing program, one that cannot be executed and one that fails: the last one opens."""
    told = recorder(programs, "recorder")
    install(programs, "fails", "exit 3")
    (programs / "broken").write_text("")
    (programs / "broken").chmod(0o755)
    environ = {
        "PATH": f"{programs}{os.pathsep}{os.defpath}",
        "BROWSER": "missing:broken:fails %s:recorder",
    }

    opened = open_browser(URL, environ, grace=60)

    assert (True, [URL]) == (opened, told.read_text().splitlines())


def test_when_all_fail_it_is_told(programs: Path) -> None:
    """No browser could be started: False, for the caller to show the link."""
    install(programs, "fails", "exit 3")

    assert not open_browser(URL, environment(programs, BROWSER="missing:fails"), grace=60)


def test_without_a_browser_nothing_is_started() -> None:
    """No choice, nothing opened."""
    assert not open_browser(URL, {"PATH": ""})


@pytest.mark.parametrize(
    ("template", "names", "told"),
    [
        ("b {url}", {}, [URL]),
        ("b --new {url} x", {}, ["--new", URL, "x"]),
        ("b ext+container:url={url_encoded}", {}, [f"ext+container:url={quote(URL, safe='')}"]),
        ("b -P {account} %s", {"account": "123456789012"}, ["-P", "123456789012", URL]),
        ("b {profile} %s", {"profile": "--new-window"}, ["new-window", URL]),
        ("b c:name={profile}&x %s", {"profile": "a&url=evil"}, ["c:name=a_url_evil&x", URL]),
        ("b {profile} %s", {"profile": "{url}%s"}, ["_url__s", URL]),
        ("b {role}: {else} %s", {}, [":", "{else}", URL]),
    ],
)
def test_a_template_places_the_page_and_names(
    programs: Path, template: str, names: dict[str, str], told: list[str]
) -> None:
    """Containers and browser profiles by account; no name adds an option or part of a page."""
    file = recorder(programs, "b")

    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    assert open_browser(URL, environ, template, names=names, grace=60)

    assert told == file.read_text().splitlines()


def test_a_browser_that_stays_does_not_hold_us_up(tmp_path: Path) -> None:
    """Many a browser's command ends only with its last window."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = f"open({str(fifo)!r}).read()"
    template = f'"{sys.executable}" -S -c "{code}" %s'

    opened = open_browser(URL, os.environ, template, grace=0.05)
    fifo.write_text("")

    assert opened


@pytest.mark.parametrize(
    "url",
    [
        "http://oidc.eu-west-1.amazonaws.com/",
        "http://127.0.0.1.evil.example/",
        "http://localhost:1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "-P evil",
        "https://",
        "https:///nowhere",
        "https://host/with space",
        "https://host/line\nbreak",
        "https://host/\N{RIGHT-TO-LEFT OVERRIDE}",
        "",
    ],
)
def test_other_addresses_are_refused(programs: Path, url: str) -> None:
    """Only https and our own loopback pages are opened; the refusal does not repeat the text."""
    recorder(programs, "recorder")

    with pytest.raises(OurBug) as refused:
        open_browser(url, environment(programs, BROWSER="recorder"))

    assert url == "" or url not in refused.value.sentence


def test_our_own_pages_are_opened(programs: Path) -> None:
    """The demo's Identity Center lives on the loopback address."""
    install(programs, "browser")
    environ = environment(programs, BROWSER="browser")

    assert open_browser("http://127.0.0.1:34567/start?x=1", environ, grace=60)
