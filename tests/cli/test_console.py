"""The console's link: it carries no secret, or nobody else can read it."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, urlsplit

from tests.cli.stage import Stage
from tray.cli.console_command import Redirect
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.secret import Secret

PAGE = "/start/#/console?account_id=123456789011&role_name=FullAccess"


def test_the_portals_own_link_opens_without_asking_anybody(either: Stage) -> None:
    """Account and role, no credential: no sign-in is needed to make it."""
    done = either.tray("console", "--profile", "dev", "--print")
    to = "https://console.aws.amazon.com/s3/?a=b&c"
    deep = either.tray("console", "--profile", "dev", "--print", "--destination", to)

    assert (0, True, "") == (done.code, done.out.strip().endswith(PAGE), done.err)
    assert deep.out.strip() == (
        done.out.strip() + "&destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2F%3Fa%3Db%26c"
    )
    assert 0 == len(either.center.requests)


def test_a_service_and_a_region_name_the_page(either: Stage) -> None:
    """The region is the profile's unless another is given; a page is named once."""
    here = either.tray("console", "dev", "--print", "--service", "s3")
    there = either.tray("console", "dev", "--print", "--region", "us-east-2")
    wrong = either.tray("console", "dev", "--print", "--region", "Mars")
    twice = either.tray("console", "dev", "--service", "s3", "--destination", "https://x.example")

    assert here.out.strip().endswith(
        "&destination=https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-west-1"
    )
    assert "us-east-2.console.aws.amazon.com%2Fhome" in there.out
    assert (2, True) == (wrong.code, '"mars" is no AWS region' in wrong.err)
    assert 2 == twice.code


def test_the_profiles_own_browser_opens_it(stage: Stage) -> None:
    """A profile may have a browser of its own, before its session's."""
    own = stage.home / "own.log"
    program = stage.environ["BROWSER"].replace(str(stage.browser_log), str(own))
    settings = stage.home / ".config/sso-tray/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[profiles.dev]\nbrowser = "{program}"\n')

    # The made-up portal is no page of the web: the browser fails once it has written it down.
    stage.tray("console", "--profile", "dev")

    assert ([], True) == (stage.opened(), own.read_text().strip().endswith(PAGE))


def test_a_link_that_signs_in_never_stands_on_a_command_line(either: Stage) -> None:
    """The browser is given a page of ours, which leads it on once; the console knows the role."""
    either.signed_in_by_cli()

    done = either.given_out("console", "--profile", "dev", "--federate")

    asked = [call.operation for call in either.center.requests]
    assert (0, "") == (done.code, done.err)
    assert ["GetSigninToken", "ConsoleLogin"] == asked[-2:]
    assert ["http://127.0.0.1"] == [page.rpartition(":")[0] for page in either.opened()]
    assert "SigninToken" not in done.out + "".join(either.opened())


def _asked(page: str) -> tuple[int, str | None]:
    """Ask for a page that leads to no web page; return its status and where it leads."""
    try:
        urllib.request.urlopen(page, timeout=30).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Location"]
    raise AssertionError("it was answered with a page")


def test_whoever_else_knocks_keeps_the_browser_from_nothing() -> None:
    """A hundred guesses and one that dribbles: the page leads on all the same, and once."""
    link = "data:,the console"
    with Redirect(Secret(link)) as redirect:
        page = redirect.page
        parts = urlsplit(page)
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as dribbling:
            dribbling.sendall(b"GET /")
            guesses = {_asked(f"{page}x") for _ in range(100)}
            led, again = _asked(page), _asked(page)
        came = redirect.fetched()

    assert ({(404, None)}, (302, link), (410, None)) == (guesses, led, again)
    assert came


def test_the_printed_link_is_for_one_sign_in(stage: Stage) -> None:
    """With ``--print`` the link is the answer, good once, and leads back to the portal."""
    stage.signed_in_by_cli()

    link = stage.given_out("console", "--profile", "dev", "--federate", "--print").out.strip()
    issuer = dict(parse_qsl(urlsplit(link).query))["Issuer"]

    with urllib.request.urlopen(link, timeout=30) as answer:
        page = answer.read().decode()
    assert ":assumed-role/AWSReservedSSO_FullAccess_" in page
    assert DEFAULT_START_URL == issuer


def test_what_has_no_console_says_so(stage: Stage) -> None:
    """One sentence each: another kind of profile, keys of a user, nobody signed in."""
    told = [
        stage.tray("console", "--profile", "plain"),
        stage.tray("console", "--profile", "plain", "--federate"),
        stage.tray("console", "--profile", "dev", "--federate"),
        stage.tray("console", "--profile", "dev", "--destination", "javascript:alert(1)"),
    ]

    assert [1, 1, 3, 2] == [done.code for done in told]
    assert [1, 1, 1] == [len(done.err.splitlines()) for done in told[:3]]
