"""Managed sections of the AWS config: whose they are, and what becomes of a person's own keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.home import home_variables
from tray.aws.config.catalog import profile_settings
from tray.core.profiles.managed_profile import Target
from tray.errors import NotFound, UserMustAct
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.active_profile import record_active
from tray.system.paths import Paths

CONFIG = """\
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = Dev
region = eu-west-1
output = json

[profile reader]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Reader

[profile plain]
credential_process = /bin/true

[profile odd]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = Odd # name

[profile circle]
role_arn = arn:aws:iam::123456789011:role/x
source_profile = default
"""


@pytest.fixture
def world(tmp_path: Path) -> ManagedContext:
    """Return a home with the profiles above, ``dev`` the active one."""
    paths = Paths.from_environment(home_variables(tmp_path))
    paths.aws_config.parent.mkdir()
    paths.aws_config.write_text(CONFIG)
    record_active(paths.state, "dev")
    return ManagedContext(
        paths, ("*prod*",), lambda: ("/usr/bin/python3", "-I", "-S", "/x/credentials.py")
    )


def config(world: ManagedContext) -> str:
    """Return the config as it is now."""
    return world.files.config.read_text()


def rewrite(world: ManagedContext, old: str, new: str) -> None:
    """Change the config as a person with an editor does."""
    assert old in config(world)
    world.files.config.write_text(config(world).replace(old, new))


def use(world: ManagedContext, profile: str | None) -> None:
    """Switch as ``use`` does without a daemon."""
    record_active(world.paths.state, profile)
    managed_sections.follow(world)


def role(world: ManagedContext) -> object:
    """Return the role of ``[default]``, None where it has none."""
    try:
        return profile_settings(world.files, "default").get("sso_role_name")
    except NotFound:
        return None


@pytest.mark.parametrize(
    "own",
    [
        "",
        "\n[default]\n",
        "[default]\noutput =\nregion: ap-south-1   \n# mine\n\n",
        "[default]\r\n  cli_pager=\r\n\r\n[profile z]\r\n",
        "\n[DEFAULT]\ncli_pager = less\n",
        "[default]\nregion = ap-south-1",
        "# no end",
        '[profile "default"]\ns3 =\n  # why\n  addressing_style = path\n',
    ],
)
def test_what_was_there_is_there_again(world: ManagedContext, own: str) -> None:
    """``--off`` restores every byte, whatever the person's own section looked like (A4)."""
    world.files.config.write_bytes((CONFIG + own).encode())

    managed_sections.apply(world, "default")
    first = role(world)
    use(world, "plain")
    use(world, "reader")
    last = role(world)
    managed_sections.take_back(world, "default")

    assert ("Dev", "Reader") == (first, last)
    assert (CONFIG + own).encode() == world.files.config.read_bytes()


@pytest.mark.parametrize("key", ["aws_access_key_id", "mfa_serial", "sso_region", "role_arn"])
def test_a_key_that_ours_would_mix_with_is_named(world: ManagedContext, key: str) -> None:
    """A3: a ``[default]`` with credentials, or with half of some, is refused by file and line."""
    world.files.config.write_text(f"{CONFIG}[default]\n{key} = x\n")
    before = config(world)
    line = len(CONFIG.splitlines()) + 1

    with pytest.raises(UserMustAct, match=rf"config, line {line}: \[default\] has {key},"):
        managed_sections.apply(world, "default")

    assert (before, ()) == (config(world), managed_sections.applies(world.paths.state))


def test_what_a_person_took_out_does_not_come_back_by_itself(world: ManagedContext) -> None:
    """A4: a deleted section is a changed one; ``apply`` typed again brings it back."""
    managed_sections.apply(world, "default")
    world.files.config.write_text(CONFIG)

    use(world, "reader")
    use(world, "dev")
    left = config(world)
    told = managed_sections.problems(world.paths.state)
    managed_sections.apply(world, "default")

    assert (CONFIG, 1) == (left, len(told))
    assert ("Dev", ()) == (role(world), managed_sections.problems(world.paths.state))


OURS = "sso_session = corp\nsso_account_id = 123456789011\nsso_role_name = Dev\n"
PLACE = "region = eu-west-1\noutput = json\n"


@pytest.mark.parametrize(
    ("old", "new", "followed", "while_active", "after_off"),
    [
        ("region = eu-west-1", "region = ap-south-1", True, None, "region = ap-south-1\n"),
        ("output = json", "output = text", True, None, "output = text\n"),
        ("region = eu-west-1\n", "", True, None, None),
        ("output = json\n", "output = json\ncli_pager =\n", True, None, "cli_pager =\n"),
        ("[default]\n", "[default]\n# mine\ns3 = x\n", True, None, "# mine\ns3 = x\n"),
        ("_id = 123456789011", "_id = 1", False, f"sso_account_id = 1\n{PLACE}",
         "sso_account_id = 1\n"),
        ("sso_role_name = Dev\n", "", False, PLACE, None),
        (OURS, "", False, PLACE, None),
        (f"\n[default]\n{OURS}{PLACE}", "", False, None, None),
        ("[default]\n", "[default]\naws_access_key_id = A\n", False,
         f"aws_access_key_id = A\n{PLACE}", "aws_access_key_id = A\n"),
    ],
)  # fmt: skip
def test_each_key_is_ours_while_it_is_as_we_wrote_it(
    world: ManagedContext,
    old: str,
    new: str,
    followed: bool,
    while_active: str | None,
    after_off: str | None,
) -> None:
    """A4: whatever a tool did to [default], it never stays the old account, and --off gets out."""
    managed_sections.apply(world, "default")
    text = config(world)
    world.files.config.write_text(
        text.removesuffix(managed(text)) + managed(text).replace(old, new)
    )

    use(world, "reader")
    told = managed_sections.follow(world)
    then = role(world)
    left = config(world)
    state = world.paths.state
    agreed = (managed_sections.problems(state), bool(managed_sections.applies(state)))
    off = managed_sections.take_back(world, "default")

    assert ("Reader" if followed else None) == then
    assert ((), True) if followed else (told, False) == agreed
    assert followed != bool(told)
    if not followed:
        assert CONFIG + (f"\n[default]\n{while_active}" if while_active else "") == left
    assert off
    assert CONFIG + (f"\n[default]\n{after_off}" if after_off else "") == config(world)


def managed(text: str) -> str:
    """Return ``[default]`` with the blank line before it."""
    return text[text.index("\n[default]") :]


def test_credentials_in_the_other_file_end_ours(world: ManagedContext) -> None:
    """A ``[default]`` that appears in the credentials file is theirs: ours goes, region stays."""
    managed_sections.apply(world, "default")
    world.files.credentials.write_text("[default]\naws_access_key_id = AKIA\n")

    use(world, "reader")
    without = config(world)
    world.files.credentials.unlink()
    use(world, "dev")

    assert [f"{CONFIG}\n[default]\n{PLACE}"] * 2 == [without, config(world)]
    assert 1 == len(managed_sections.problems(world.paths.state))
    managed_sections.apply(world, "default")
    assert "Dev" == role(world)


@pytest.mark.parametrize("key", ["sso_session", "source_profile"])
def test_a_process_profile_with_other_credentials_is_theirs(
    world: ManagedContext, key: str
) -> None:
    """SSO or a role beside ``credential_process`` would win: ours goes out."""
    managed_sections.apply(world, "process")
    rewrite(world, "[profile sso-tray]\n", f"[profile sso-tray]\n{key} = corp\n")

    told = managed_sections.follow(world)

    assert "credential_process" not in config(world).rpartition("[profile sso-tray]")[2]
    assert 1 == len(told)


def test_what_0_1_applied_is_known_key_by_key(world: ManagedContext) -> None:
    """A4: version 0.1 kept one digest for all keys; the account it names tells which are ours."""
    managed_sections.apply(world, "default")
    record = world.paths.state / "applied.json"
    document = json.loads(record.read_bytes())
    del document["written"]
    record.write_text(json.dumps(document))
    rewrite(world, "region = eu-west-1\noutput = json\n", "region = ap-south-1\n")

    use(world, "reader")

    assert "Reader" == role(world)
    assert "ap-south-1" in config(world)


@pytest.mark.parametrize("name", ["odd", "circle"])
def test_what_cannot_be_written_leaves_nobody_elses_account(
    world: ManagedContext, name: str
) -> None:
    """A7: where the new profile cannot stand in ``[default]``, the old one does not stay there."""
    managed_sections.apply(world, "default")

    with pytest.raises(UserMustAct):
        use(world, name)

    assert CONFIG == config(world)
    use(world, "reader")
    assert "Reader" == role(world)


def test_an_apply_that_cannot_be_is_not_remembered(world: ManagedContext) -> None:
    """Who was refused has not applied anything."""
    record_active(world.paths.state, "odd")

    with pytest.raises(UserMustAct):
        managed_sections.apply(world, "default")

    assert (CONFIG, ()) == (config(world), managed_sections.applies(world.paths.state))


def test_a_path_that_no_sdk_can_start_hinders_only_who_needs_it(world: ManagedContext) -> None:
    """A profile of the portal goes without the hand-out; for another kind the path is named."""
    quoted = replace(world, hand_out=lambda: ("/usr/bin/python3", "/home/o'neil/credentials.py"))

    managed_sections.apply(quoted, "default")

    assert "Dev" == role(world)
    with pytest.raises(UserMustAct, match="o'neil"):
        use(quoted, "plain")
    with pytest.raises(UserMustAct, match="o'neil"):
        managed_sections.apply(quoted, "process")
    assert CONFIG == config(world)


def test_another_config_file_is_another_world(world: ManagedContext, tmp_path: Path) -> None:
    """A command under another ``AWS_CONFIG_FILE`` neither follows there nor loses what is here."""
    other_file = tmp_path / "other"
    other_file.write_text(CONFIG)
    environ = {**home_variables(tmp_path), "AWS_CONFIG_FILE": str(other_file)}
    other = replace(world, paths=Paths.from_environment(environ))
    managed_sections.apply(world, "default")

    use(other, "reader")
    with pytest.raises(UserMustAct, match="already applied in"):
        managed_sections.apply(other, "default")
    there = managed_sections.take_back(other, "default")
    managed_sections.follow(world)

    assert (False, CONFIG) == (there, other_file.read_text())
    assert ("Reader", ()) == (role(world), managed_sections.problems(world.paths.state))


def test_a_stanza_of_theirs_is_not_taken_for_ours(world: ManagedContext) -> None:
    """A ``[profile sso-tray]`` that is there already stays, before and after."""
    own = f"{CONFIG}\n[profile sso-tray]\nregion = x\n"
    world.files.config.write_text(own)

    with pytest.raises(UserMustAct, match=r"\[profile sso-tray\] already exists"):
        managed_sections.apply(world, "process")
    managed_sections.take_back(world, "process")

    assert own == config(world)


def test_a_stale_interpreter_is_mended(world: ManagedContext) -> None:
    """A1: whoever follows writes the command line as it is to be today."""
    managed_sections.apply(world, "process")
    moved = replace(world, hand_out=lambda: ("/usr/bin/python4", "/x/credentials.py"))

    managed_sections.follow(moved)

    settings = profile_settings(world.files, "sso-tray")
    assert "/usr/bin/python4 /x/credentials.py" == settings["credential_process"]


@pytest.mark.parametrize("step", ["backed-up", "temp-written", "directory-synced"])
def test_a_disk_that_is_full_changes_nothing_but_the_sentence(
    world: ManagedContext, step: str
) -> None:
    """Who could not apply has not applied, who could not take out still has it; and try again."""

    def full(name: str) -> None:
        if name == step:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        managed_sections.apply(world, "default", seam=full)
    first = managed_sections.applies(world.paths.state)
    managed_sections.follow(world)
    left = config(world)
    managed_sections.apply(world, "default")
    with pytest.raises(OSError, match="No space"):
        managed_sections.take_back(world, "default", seam=full)
    then = managed_sections.applies(world.paths.state)
    managed_sections.follow(world)

    assert ((), CONFIG) == (first, left)
    assert (("default",), "Dev") == (then, role(world))
    assert managed_sections.take_back(world, "default")
    assert CONFIG == config(world)


def killed_at(step: str) -> Callable[[str], None]:
    """Return a seam that ends the work at one step."""

    def die(name: str) -> None:
        if name == step:
            raise KeyboardInterrupt

    return die


@pytest.mark.parametrize("step", ["noted", "backed-up", "temp-written", "renamed"])
@pytest.mark.parametrize("target", managed_sections.TARGETS)
def test_who_follows_finishes_what_a_killed_process_began(
    world: ManagedContext, target: Target, step: str
) -> None:
    """K8: killed while taking out, the next one takes out; killed while putting in, it puts in."""
    with pytest.raises(KeyboardInterrupt):
        managed_sections.apply(world, target, seam=killed_at(step))
    managed_sections.follow(world)
    put_in = (
        managed_sections.applies(world.paths.state),
        managed_sections.problems(world.paths.state),
    )
    written = config(world)
    with pytest.raises(KeyboardInterrupt):
        managed_sections.take_back(world, target, seam=killed_at(step))
    managed_sections.follow(world)

    assert ((target,), ()) == put_in
    assert CONFIG != written
    assert (CONFIG, ()) == (config(world), managed_sections.applies(world.paths.state))


def test_two_who_follow_at_once_agree(world: ManagedContext) -> None:
    """The record changes under the lock of the file: neither takes the other for a stranger."""
    managed_sections.apply(world, "default")
    managed_sections.apply(world, "process")

    def switch(names: tuple[str, ...]) -> None:
        for name in names * 6:
            use(world, name)

    threads = [threading.Thread(target=switch, args=(n,)) for n in (("dev", "plain"), ("reader",))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    use(world, "reader")

    assert ("Reader", ()) == (role(world), managed_sections.problems(world.paths.state))
    assert managed_sections.take_back(world, "default")
    assert managed_sections.take_back(world, "process")
    assert CONFIG == config(world)
