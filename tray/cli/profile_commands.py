"""Profiles: ``profiles`` lists them, ``use`` picks the active one (rules A7, C4)."""

from __future__ import annotations

import json
import os
from typing import Any

from tray.cli.apply_command import follow_active
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import Ended, WrongUse, finish, note, say
from tray.cli.names.favourites import favourites, remember_used, unstar_gone
from tray.cli.names.favourites import star as make_favourite
from tray.cli.names.few_words import at_terminal, profile_found, search_of
from tray.cli.quick.profile_table import table
from tray.cli.shell.shell_integration import tell_prompts
from tray.core.accounts.role_search import RoleRow, RoleSearch
from tray.core.model import Catalog
from tray.core.profiles.guards import is_guarded, is_managed
from tray.core.text import managed_text, sentences
from tray.core.text.display_names import clean
from tray.core.views.status_documents import profiles_document
from tray.errors import ConfigRejected
from tray.managed.managed_sections import applies, refuse_elsewhere
from tray.storage.active_profile import read_active, read_previous, record_active


def profiles(*, words: tuple[str, ...], star: bool, unstar: bool, as_json: bool) -> None:
    context = CommandContext.of_this_process()
    if unstar or (star and words):
        say(_starred(context, words, star=star, unstar=unstar))
        return
    refused = False
    try:
        catalog = context.catalog()
    except ConfigRejected as error:
        catalog, refused = Catalog(problems=(error.sentence,)), True
    settings = context.settings_or_safe()
    guarded, active = settings.preferences.guarded, read_active(context.paths.state)
    document = profiles_document(catalog, guarded, settings.problems, active)
    document["profiles"] = _fitting(document["profiles"], " ".join(words))
    if star:
        by_name = {row["name"]: row for row in document["profiles"]}
        document["profiles"] = [
            by_name[one] for one in favourites(context, catalog) if one in by_name
        ]
    if as_json:
        say(json.dumps(document, indent=2))
    else:
        say(table([list(row.values()) for row in document["profiles"]]), end="")
        for problem in document["problems"]:
            note(problem)
    if refused:
        raise Ended("", 1)


def _starred(context: CommandContext, words: tuple[str, ...], *, star: bool, unstar: bool) -> str:
    if not words or (star and unstar):
        raise WrongUse("Give --star or --unstar, and a profile.")
    gone = unstar_gone(context, words) if unstar else None
    return gone if gone is not None else make_favourite(context, words, on=star)


def _fitting(rows: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Return the rows that fit a search, the best first; all of them for none."""
    if not words:
        return rows
    by_name = {row["name"]: row for row in rows}
    search = RoleSearch(
        [
            RoleRow(row["session"], row["account_id"], "", row["role_name"], row["name"])
            for row in rows
        ]
    )
    return [by_name[found.profile] for found in search.find(words)]


def use(profile: tuple[str, ...], *, nobody: bool) -> None:
    context = CommandContext.of_this_process()
    if nobody and profile:
        raise WrongUse("Give a profile or --none, not both.")
    if nobody:
        _switch(context, None)
    elif profile:
        _switch(context, _meant(context, profile))
    elif at_terminal() and os.environ.get("TERM") != "dumb":
        _pick(context)
    else:
        say(sentences.now_active(read_active(context.paths.state)))
    exported = context.exported_profile
    if context.shell_follows:
        return  # at its next prompt
    if exported is not None and exported != read_active(context.paths.state):
        note(f'AWS_PROFILE="{clean(exported)}" overrides it in this terminal.')


def _pick(context: CommandContext) -> None:
    from tray.cli.names.profile_picker import pick

    active = read_active(context.paths.state)
    say(sentences.now_active(active))
    picked = pick(search_of(context, context.catalog()), active)
    if picked is not None and picked.profile != active:
        _switch(context, picked.profile)


def _meant(context: CommandContext, words: tuple[str, ...]) -> str:
    if words == ("-",):
        previous = read_previous(context.paths.state)
        if previous is None:
            msg = "There is no previous profile."
            raise Ended(msg, 1)
        if is_guarded(previous, context.settings_or_safe().preferences.guarded):
            raise Ended(managed_text.guarded_by_name(previous), 1)
        words = (previous,)
    catalog = context.catalog()
    if is_managed(words[0], catalog.managed):
        raise Ended(sentences.managed_profile(words[0]), 1)
    profile = profile_found(context, catalog, words)
    if profile.problem is not None:
        raise Ended(profile.problem, 1)
    return profile.name


def _switch(context: CommandContext, name: str | None) -> None:
    picks = (read_active(context.paths.state), read_previous(context.paths.state))
    if name is not None:
        refuse_elsewhere(context.paths)
    done = context.asked("use", profile=name)
    if done is None:
        settings = context.settings_or_safe()
        if settings.preferences.guarded is None and name not in (None, picks[0]):
            raise Ended(managed_text.guard_unknown(settings.problems), 1)
        record_active(context.paths.state, name, context.paths.aws_config)
        if name is not None:
            remember_used(context, (name,))
        tell_prompts(context)
        done = {"exit": 0, "sentence": sentences.now_active(name)}
    if not done["exit"] and not follow_active(context):
        raise Ended(f"{done['sentence']} But the AWS config doesn't follow it.", 1)
    if name is not None and picks == (None, None) and not _takes_effect(context):
        note(sentences.FIRST_PICK)
    finish(done["exit"], done["sentence"])


def _takes_effect(context: CommandContext) -> bool:
    return context.shell_follows or bool(applies(context.paths.state))
