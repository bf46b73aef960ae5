"""
What the page changes, each by a command of ours in a process of its own.

The same words at a terminal do the same: same rules, same locks, same transaction. A job's end is
told as news, ``{"job": {"id", "exit", "said", "printed"}}``; ``exit`` as of rule C1.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tray.cli.command_context import CommandContext
from tray.cli.credentials_command import CODE, given
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.core.accounts.role_search import RoleRow
from tray.core.policy import LONGEST_SHOWN_NAME, PAGE_JOB_ENDS_WITHIN, PAGE_JOB_PRINTS
from tray.core.text import sentences
from tray.core.text.credentials import credentials_text
from tray.core.text.display_names import clean
from tray.core.text.page import page_words
from tray.errors import MfaCodeNeeded, NotFound, TrayError, UserMustAct
from tray.page.page_accounts import PageAccounts
from tray.page.page_settings import settable
from tray.storage.logs import History
from tray.storage.remembered_file import change_remembered
from tray.system.spawn import APART, module_command

_SAYS: Final = re.compile(r"^(sso-tray|Error): ")  # a command, and click of its wrong use


class PageJobs:
    """Called from any thread."""

    def __init__(
        self,
        context: CommandContext,
        accounts: PageAccounts,
        tell: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._context, self._accounts, self._tell = context, accounts, tell
        self._numbers = itertools.count(1)
        self._doers: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
            "console": self._console,
            "use": self._use,
            "add": self._add,
            "sign-in": lambda asked: ["login", "--", self._session(asked)],
            "sign-in-afresh": lambda asked: ["login", "--afresh", "--", self._session(asked)],
            "sign-out": lambda asked: ["logout", "--", self._session(asked)],
            "undo": lambda asked: ["login", "--undo", "--", self._session(asked)],
            "renew": lambda asked: ["renew", "--", self._session(asked)],
            "doctor": lambda _asked: ["doctor"],
            "set": self._set,
            "session": _session_added,
            "add-some": self._add_some,
            "follow": lambda _asked: ["apply", "default"],
            "at-login": lambda _asked: ["autostart", "on"],
            "reset": lambda asked: ["settings", "--", "reset", str(asked.get("name"))],
            "list": lambda asked: ["accounts", "--refresh", "--session", self._session(asked)],
        }

    def start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``do``: ``what`` and what that takes; returns the job's ``id``."""
        make = self._doers.get(str(asked.get("what")))
        if make is None:
            raise UserMustAct(page_words.NO_REQUEST)
        words = make(asked)
        number = next(self._numbers)
        threading.Thread(
            target=self._carry_out, args=(number, words, dict(asked)), name="page-job", daemon=True
        ).start()
        return {"id": number}

    def star(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``star``: ``key`` of a row, and whether it is ``on``."""
        row, on = self._row(asked), asked.get("on") is True
        profiles = self._accounts.profiles()

        def change(before: RememberedRoles) -> RememberedRoles:
            return before.with_profiles(profiles).starred(row.key, on=on)

        change_remembered(self._context.paths.state, change)
        return {}

    def access(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """
        Answer ``access``: get a profile's credentials, to say as whom; they stay with the daemon.

        ``question`` asks for one MFA code more than ``codes`` has.
        """
        row = self._row(asked)
        found = [one for one in self._accounts.profiles() if one.name == row.profile]
        codes = asked.get("codes")
        if not found or not isinstance(codes, list):
            raise UserMustAct(page_words.NO_REQUEST)
        typed = [str(one).replace(" ", "") for one in codes]
        if not all(map(CODE.fullmatch, typed)):
            raise UserMustAct(credentials_text.NO_CODE)
        try:
            whom = given(self._context, "whoami", found[0], may_ask=False, typed=typed)
        except MfaCodeNeeded as needed:
            return {"question": credentials_text.question(needed.serial)}
        return {"said": page_words.access(clean(str(whom.get("arn", "")), LONGEST_SHOWN_NAME))}

    def cancel(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``cancel``: end the sign-in of a ``session``."""
        done = self._context.asked("cancel", session=self._session(asked))
        if done is None:
            raise UserMustAct(page_words.NO_DAEMON)
        return {"said": done["sentence"]}

    def _carry_out(self, number: int, words: list[str], asked: Mapping[str, Any]) -> None:
        code, said, printed = _run(words)
        if code == 0 and words[0] == "console":
            self._remember(asked)
        self._tell({"job": {"id": number, "exit": code, "said": said, "printed": printed}})

    def _remember(self, asked: Mapping[str, Any]) -> None:
        """Write into the history what the menu writes of a console that it opens."""
        try:
            row = self._row(asked)
        except TrayError:
            return  # the console is open; its role has just left the list
        role = row.profile or sentences.role_of(row.account_id or "", row.role_name or "")
        history = History(self._context.paths.state)
        history.add(time.time(), "console-opened", row.session, role)

    def _row(self, asked: Mapping[str, Any]) -> RoleRow:
        key = asked.get("key")
        found = None
        if isinstance(key, list) and all(isinstance(part, str) for part in key):
            found = self._accounts.place(key)
        if found is None:
            raise NotFound(page_words.GONE)
        return found[0]

    def _session(self, asked: Mapping[str, Any]) -> str:
        key = asked.get("session")
        known = (one.key for one in self._context.catalog().sessions)
        if not isinstance(key, str) or key not in known:
            raise NotFound(page_words.NO_SESSION)
        return key

    def _console(self, asked: Mapping[str, Any]) -> list[str]:
        words = ["console", *_named(self._row(asked))]
        for name in ("service", "region"):
            value = asked.get(name)
            if isinstance(value, str) and value.strip():
                words.append(f"--{name}={value.strip()}")
        return words

    def _use(self, asked: Mapping[str, Any]) -> list[str]:
        row = self._row(asked)
        if row.profile is None:
            raise UserMustAct(page_words.NEEDS_PROFILE)
        return ["use", "--", row.profile]

    def _add(self, asked: Mapping[str, Any]) -> list[str]:
        row, name = self._row(asked), asked.get("name")
        if row.profile is not None or row.session is None:
            raise UserMustAct(page_words.NO_REQUEST)
        words = ["add", f"--account={row.account_id}", f"--role={row.role_name}", "--no-daemon"]
        if isinstance(name, str) and name.strip():
            words.append(f"--name={name.strip()}")
        return [*words, _writes(asked), "--", row.session]

    def _add_some(self, asked: Mapping[str, Any]) -> list[str]:
        picks, region = asked.get("picks"), asked.get("region")
        if not isinstance(picks, list) or not picks:
            raise UserMustAct(page_words.NOTHING_CHOSEN)
        words = ["add", "--no-daemon", *(f"--pick={one}" for one in picks)]
        if isinstance(region, str) and region.strip():
            words.append(f"--region={region.strip()}")
        return [*words, _writes(asked), "--", self._session(asked)]

    def _set(self, asked: Mapping[str, Any]) -> list[str]:
        name, words = settable(asked.get("name"), asked.get("value"))
        return ["settings", "--", "set", name, *words]


def _session_added(asked: Mapping[str, Any]) -> list[str]:
    name, url, region = (str(asked.get(one, "")).strip() for one in ("name", "url", "region"))
    words = ["add", "--session-only", "--no-daemon", f"--start-url={url}"]
    return [*words, f"--sso-region={region}", _writes(asked), "--", name]


def _writes(asked: Mapping[str, Any]) -> str:
    return "--yes" if asked.get("write") is True else "--dry-run"


def _named(row: RoleRow) -> list[str]:
    """Return the options that name a row's role; they hold no option of another's making."""
    if row.profile is not None:
        return [f"--profile={row.profile}"]
    return [f"--session={row.session}", f"--account={row.account_id}", f"--role={row.role_name}"]


def _run(words: list[str]) -> tuple[int, str, str]:
    """Run a command; return its exit code, the last sentence it said, and what it printed."""
    command = module_command("tray", *words)
    try:
        done = subprocess.run(
            command,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PAGE_JOB_ENDS_WITHIN,
            check=False,
            **APART,
        )
    except ValueError:  # a NUL or half a character in what was sent
        return 1, page_words.NO_REQUEST, ""
    except (OSError, subprocess.TimeoutExpired):
        return 1, page_words.NOT_STARTED, ""
    notes = [_SAYS.sub("", one) for one in done.stderr.splitlines() if one.strip()]
    printed = [one for one in done.stdout.splitlines() if one.strip()]
    last = notes[-1:] if done.returncode else (printed[-1:] or notes[-1:])
    return done.returncode, last[0] if last else "", done.stdout[:PAGE_JOB_PRINTS]
