"""The page's settings: a form that says whence each value comes, and refuses at the field."""

from __future__ import annotations

import json

from tests.cli.test_policy import policy
from tests.page.conftest import Page


def of(name: str, what: str) -> str:
    """Return the selector of a part of a setting's row."""
    return f'[data-name="{name}"] {what}'


def retyped(page: Page, name: str, text: str) -> None:
    """Replace what stands in a setting's field, as with the keyboard."""
    place = json.dumps(of(name, ":is(input, textarea)"))
    page.tab.read(f"document.querySelector({place}).select()")
    page.tab.type(text.replace("\n", "\r"))
    page.tab.until(f"document.querySelector({place}).value === {json.dumps(text)}")


def chosen(page: Page) -> dict[str, object]:
    """Return what the menu and the page have written."""
    file = page.stage.state / "settings.json"
    found: dict[str, object] = json.loads(file.read_text()) if file.exists() else {}
    return found


def test_every_setting_says_where_it_is_set(page: Page) -> None:
    """The keys and sources of ``sso-tray settings``; a change of the file shows by itself."""
    page.go("settings")
    page.shows("config.toml", of("guarded", ".whence"))
    rows = "[...document.querySelectorAll('.setting')].map(row => row.dataset.name)"
    shown = page.tab.read(rows)
    printed = [line.split()[0] for line in page.stage.tray("settings").out.splitlines()]
    file = page.stage.home / ".config/sso-tray/config.toml"
    file.write_text('guarded = []\nstart_daemon = "never"\n')
    page.shows("config.toml", of("start_daemon", ".whence"))

    assert {*printed} <= {*shown}
    assert "sessions.corp.length_hours" in shown
    page.tab.until(f"document.querySelector('{of('guarded', 'textarea')}').value === ''")


def test_a_setting_is_changed_and_reset(page: Page) -> None:
    """Typed and saved with Enter, a box, a list: as ``settings set`` does; and taken back."""
    page.go("settings")
    page.shows("Default", of("privacy.keep_days", ".whence"))
    retyped(page, "privacy.keep_days", "30")
    page.tab.key("Enter", 13, text="\r")
    page.shows("the menu or page", of("privacy.keep_days", ".whence"))
    page.tab.press(of("keyring.adopt", "input"))
    page.shows("the menu or page", of("keyring.adopt", ".whence"))
    retyped(page, "guarded", "*live*")
    page.tab.press(of("guarded", ".save"))
    page.shows("the menu or page", of("guarded", ".whence"))
    written = chosen(page)
    page.tab.press(of("guarded", ".reset"))
    page.shows("config.toml", of("guarded", ".whence"))
    page.tab.until(f"document.querySelector('{of('guarded', 'textarea')}').value === '*prod*'")

    assert {
        "privacy": {"keep_days": 30},
        "keyring": {"adopt": False},
        "guarded": ["*live*"],
    } == written
    assert {"privacy": {"keep_days": 30}, "keyring": {"adopt": False}} == chosen(page)


def test_a_colour_by_pattern_is_seen_on_the_rows(page: Page) -> None:
    """Set on the form, it marks the rows and the chosen role, in words as well."""
    page.go("settings")
    page.shows("Default", of("colors", ".whence"))
    retyped(page, "colors", "*prod*=red\nsandbox=green test")
    page.tab.press(of("colors", ".save"))
    page.shows("the menu or page", of("colors", ".whence"))
    page.go("accounts")
    page.find("prod eu", "red")
    shown = page.tab.read(
        "getComputedStyle(document.querySelector('#rows .mark'), '::before').backgroundColor"
    )
    page.shows("red", ".inspector h2")
    page.find("sandbox", "test")
    page.find("networking", "Networking")

    assert "rgb(222, 49, 59)" == shown
    assert page.tab.read("document.querySelector('#rows .mark').hidden")


def test_a_value_that_cannot_be_is_refused_at_its_field(page: Page) -> None:
    """The sentence stands there and is read with the field; what was typed stays to be mended."""
    page.go("settings")
    page.shows("Default", of("privacy.keep_days", ".whence"))
    retyped(page, "privacy.keep_days", "never")
    page.tab.press(of("privacy.keep_days", ".save"))
    page.shows("must be a number of days", of("privacy.keep_days", ".fault"))
    field = f"document.querySelector('{of('privacy.keep_days', 'input')}')"
    described = page.tab.read(f"{field}.getAttribute('aria-describedby')").split()
    said = page.tab.read(
        f"{json.dumps(described)}.map(id => document.getElementById(id).innerText).join(' ')"
    )
    left = page.tab.read(f"[{field}.value, {field}.ariaInvalid]")
    retyped(page, "privacy.keep_days", "90")
    page.tab.until(
        f"document.querySelector('{of('privacy.keep_days', '.fault')}').innerText === ''"
    )

    assert "must be a number of days" in said
    assert ["never", "true"] == left
    assert {} == chosen(page)


def test_a_locked_setting_names_the_file_that_locks_it(page: Page) -> None:
    """Its control does nothing; a request that slips past the form is refused all the same."""
    page.stage.tray("quit")
    site = policy(page.stage, 'locked = ["guarded"]\nguarded = ["*live*"]\n')
    with page.stage.daemon():
        page.tab.open("about:blank")
        page.tab.open(page.stage.tray("open", "--page", "settings", "--print").out.strip())
        page.shows(f"locked by {site}", of("guarded", ".whence"))
        disabled = page.tab.read(f"document.querySelector('{of('guarded', 'textarea')}').disabled")
        said = page.tab.read(
            "import('/jobs.js').then(jobs => jobs.job('set', {name: 'guarded', value: []}))"
            ".then(done => done.said)"
        )

    assert disabled
    assert f"Your administrator has set it in {site}." == said


def test_no_page_chooses_what_is_run_or_where_tokens_go(page: Page) -> None:
    """Programs, proxies and endpoints are shown with the command for a terminal, and refused."""
    page.go("settings")
    page.shows("sso-tray settings set browser", of("browser", ".line"))
    names = ["browser", "sessions.corp.browser", "profiles.dev.browser", "sessions.corp.proxy"]
    for name in (*names, "sessions.corp.endpoint_url", "sessions.corp.ca_bundle"):
        said = page.tab.read(
            "import('/jobs.js').then(jobs => jobs.job('set', {value: ['x'], name: "
            f"{json.dumps(name)}}})).then(done => 'done', error => error.message)"
        )
        assert "at a terminal" in said, name
    assert {} == chosen(page)
