"""A profile's access is checked on the page, with the MFA codes that its roles want."""

from __future__ import annotations

from tests.cli.stage import CONFIG
from tests.page.conftest import Page


def test_an_mfa_code_is_asked_and_serves_every_program(page: Page) -> None:
    """A wrong one is refused in a sentence; a right one is asked for once, and is nowhere kept."""
    stage = page.stage
    user = stage.center.iam_user("bob", "123456789012")
    stage.config.write_text(
        f"{CONFIG}[profile bob]\n"
        f"aws_access_key_id = {user.keys.access_key_id}\n"
        f"aws_secret_access_key = {user.keys.secret_access_key}\n"
        "[profile deploy]\nsource_profile = bob\nregion = eu-west-1\n"
        f"role_arn = arn:aws:iam::999999999999:role/Deploy\nmfa_serial = {user.mfa_serial}\n"
    )
    page.tab.until("document.querySelector('.count').innerText !== '48 roles'")
    page.find("deploy", "deploy")
    before = stage.tray("credentials", "--profile", "deploy").code
    code = user.code()
    for typed, told in (("000001", "AWS refused the MFA code"), (code, "It works: you are arn:")):
        page.tab.press("#access")
        page.shows("MFA code for arn:aws:iam::123456789012:mfa/bob", "dialog")
        page.tab.type(typed)
        page.tab.key("Enter", 13, text="\r")
        page.told(told)
    given = stage.tray("credentials", "--profile", "deploy").json()

    assert 1 == before
    assert "SessionToken" in given
    assert given["SessionToken"] not in page.tab.read("document.documentElement.outerHTML")
