"""What README, guide and CONTRIBUTING name is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.readme import README, commands, documented
from tests.core.test_states import STATES
from tests.faults.test_accounted import names_in
from tests.windows.walk import NOT_JUDGED
from tray.cli.guide_command import GUIDE
from tray.core.policy import ENDING_BEFORE, MINUTE
from tray.core.text import sentences
from tray.storage.settings import Settings, read_settings
from tray.storage.settings_files.settings_table import KINDS

ROOT = README.parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TOPICS = sorted(GUIDE.glob("*.md"))
FINDINGS = ROOT / "findings/README.md"
RELEASING = ROOT / "packaging/RELEASING.md"
PAGES = [README, CONTRIBUTING, RELEASING, *TOPICS]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
FENCED = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:^|[`;(]|&& )(?:sso-tray|\$tray) ([a-z][a-z-]*)([^`|;\n]*)", re.MULTILINE)
MADE = re.compile(r"(?:^|`|&& )make ([a-z][a-z-]+)", re.MULTILINE)


def typed() -> set[tuple[str, str]]:
    """Return every command a page tells a reader to type, with the rest of its line."""
    found = set()
    for text in TEXTS.values():
        blocks = [line.split("  #")[0] for b in FENCED.findall(text) for line in b.splitlines()]
        inline = re.findall(r"`[^`\n]+`", FENCED.sub("", text))
        found |= set(TYPED.findall("\n".join([*map(str.strip, blocks), *inline])))
    return found


def test_the_readme_is_short_and_its_table_of_commands_is_what_help_says() -> None:
    """A command or a summary that changes breaks this test until the README is written anew."""
    assert documented(TEXTS["README.md"]) == TEXTS["README.md"]
    assert len(TEXTS["README.md"].splitlines()) <= 150


@pytest.mark.parametrize(("name", "rest"), sorted(typed()))
def test_what_a_page_tells_to_type_exists(name: str, rest: str) -> None:
    """Every command, option, choice and topic named is one that the program takes."""
    command = commands()[name]
    taken = {opt for parameter in command.params for opt in parameter.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z-]+", rest.split(" -- ")[0]))
    topic = rest.strip(" )") if name == "guide" else ""

    assert named <= taken | {"--help"}
    assert topic in {"", "TOPIC", *(page.stem for page in TOPICS)}


def test_enough_is_typed() -> None:
    """The search finds commands in sentences, tables and blocks, so that none passes unseen."""
    assert {"login", "apply", "exec", "doctor", "guide", "add"} <= {name for name, _ in typed()}


def test_no_make_target_is_told_of_that_does_not_exist() -> None:
    """No page sends anybody to a target that the Makefile does not list."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    told = {target for text in TEXTS.values() for target in MADE.findall(text)}

    assert {"demo", "test", "test-core", "check", "deb"} <= told
    assert set() == told - targets


def test_the_release_document_has_the_steps_of_the_release_in_their_order() -> None:
    """What ``packaging/release`` runs is what its document says, so that neither goes stale."""
    script = (ROOT / "packaging/release").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:CI=true )?make ([a-z -]+)", script, re.MULTILINE)
    steps = [target for line in lines for target in line.split()]

    table = TEXTS["RELEASING.md"].partition("| it runs |")[2].partition("\n\n")[0]

    assert len(steps) >= 6
    assert steps == re.findall(r"^\| `make ([a-z-]+)` \|", table, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_places_lead_somewhere(page: Path) -> None:
    """Every relative link, and every file or test of this repository in backquotes, is there."""
    text = TEXTS[page.name]
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    places = re.findall(
        r"(?:^|`)((?:tray|tests|packaging|findings|icons|\.ci)/[^`\s:*]*)", text, re.MULTILINE
    )
    tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)

    missing = [one for one in links if not (page.parent / one).exists()]
    missing += [one for one in places if not (ROOT / one).exists()]
    missing += [name for file, name in tests if name not in names_in(ROOT / file)]

    assert [] == missing


def test_every_threat_names_a_test() -> None:
    """Each row of the threat model names a test that holds its defence."""
    rows = re.findall(r"^\| T\d+ \|.*", TEXTS["security.md"], re.MULTILINE)

    assert len(rows) >= 16
    assert [] == [row for row in rows if "::test_" not in row]


def test_every_promise_names_a_test_or_a_threat_that_has_one() -> None:
    """Each promise of the security chapter leads to a test, by itself or through its threat."""
    page = TEXTS["security.md"]
    promised = page.partition("## Promises")[2].partition("\n## ")[0]
    promises = re.findall(r"^- .*(?:\n  .*)*", promised, re.MULTILINE)
    known = set(re.findall(r"^\| (T\d+) \|", page, re.MULTILINE))
    cited = [set(re.findall(r"\bT\d+\b", one)) for one in promises]

    assert len(promises) >= 7
    assert [] == [
        one
        for one, threats in zip(promises, cited, strict=True)
        if "::test_" not in one and not threats & known
    ]
    # T16 is what there is no code for, as the page says.
    assert set().union(*cited) <= known | {"T16"}


def test_what_a_user_may_see_is_what_the_program_says() -> None:
    """The states that troubleshooting explains are worded as status and menu word them."""
    said = Path(sentences.__file__).read_text(encoding="utf-8")
    seen = re.findall(r"^\| `([^`]+)` \|", TEXTS["troubleshooting.md"], re.MULTILINE)

    assert len(seen) >= 4
    assert [] == [words for words in seen if words not in said]


def test_each_topic_is_in_the_readme() -> None:
    """Whoever reads the README finds every page of the guide."""
    linked = re.findall(r"\(tray/guide/([\w-]+)\.md\)", TEXTS["README.md"])

    assert {page.stem for page in TOPICS} == set(linked)


def test_each_finding_is_listed() -> None:
    """The list of findings names every script there is, and no other."""
    listed = re.findall(r"\]\(([\w-]+\.sh)\)", FINDINGS.read_text(encoding="utf-8"))

    assert sorted(path.name for path in FINDINGS.parent.glob("*.sh")) == listed


def test_the_settings_shown_are_the_settings(tmp_path: Path) -> None:
    """The guide's config.toml is taken word for word, names all keys and shows the defaults."""
    shown, site = re.findall(
        r"^```toml\n(.*?)^```", TEXTS["files-and-settings.md"], re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "config.toml"
    file.write_text(shown, encoding="utf-8")
    (tmp_path / "site.toml").write_text(site, encoding="utf-8")

    settings = read_settings(file, tmp_path)
    locked = read_settings(tmp_path / "none", tmp_path, [tmp_path / "site.toml"])
    usual = Settings()

    assert () == settings.problems == locked.problems
    keys = (name.rpartition(".")[2] for name in KINDS)
    assert set() == {key for key in keys if key not in shown}
    assert (
        usual.keyring_service,
        usual.empty_refresh_members,
        usual.log_debug,
        usual.notices,
        usual.preferences.adopt,
        usual.preferences.warn_before,
    ) == (
        settings.keyring_service,
        settings.empty_refresh_members,
        settings.log_debug,
        settings.notices,
        settings.preferences.adopt,
        settings.preferences.warn_before,
    )


def test_the_exercise_is_true_of_the_rules() -> None:
    """Number, file, rows and table that CONTRIBUTING's exercise names are there."""
    rows = [words for words, *_ in STATES]
    text = re.sub(r"\s+", " ", TEXTS["CONTRIBUTING.md"])

    assert f"{ENDING_BEFORE / MINUTE:.0f} minutes." in text
    for name in ("the end is 30 minutes away", "the end is 31 minutes away"):
        assert name in rows
        assert f'"{name}"' in text


def test_the_readme_lists_what_wine_cannot_show() -> None:
    """What `make windows` cannot judge is named to the reader as never run, with the reason."""
    rows = re.findall(r"(?m)^\| (.+) \| (.+) \|$", TEXTS["README.md"].partition("never run on")[2])

    assert list(NOT_JUDGED.items()) == rows[: len(NOT_JUDGED)]
