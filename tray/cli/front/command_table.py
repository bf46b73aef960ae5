"""
The commands as data: where each is, and what it takes.

`quick_reading` reads a command line by this table without click; `click_commands` makes the full
command line from it: help, errors, completion. Nothing but the table is imported, not even
``typing``, which takes as long as Python's start.
"""

from __future__ import annotations

from tray.cli.front.command_parts import Argument, Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

FORMATS: Final = ("process", "env", "fish", "powershell", "json", "dotenv", "ini")
SHELLS: Final = ("bash", "zsh", "fish", "powershell")
TOOLS: Final = (
    "aws-sso-cli", "granted", "leapp", "aws-vault", "aws-sso-util", "yawsso", "aws-cli",
)  # fmt: skip
PAGES: Final = ("accounts", "sessions", "history", "settings", "setup", "help")
COMPLETES: Final = ("bash", "zsh", "fish")
COMPLETION_ASKED: Final = "_SSO_TRAY_COMPLETE"
"""The variable in which a shell asks what completes a line, as click derives it from our name."""


_AS_JSON: Final = Option("--json", name="as_json", kind="flag", help="Print JSON for programs.")
_SESSION: Final = Argument("session", completes="sessions")
_EVERY: Final = Option("--all", name="every", kind="flag", help="Every session in the AWS config.")
_NO_DAEMON: Final = Option(
    "--no-daemon", kind="flag", help="Don't start SSO Tray in the background."
)
_NAMED: Final = Argument("named", shown="[PROFILE]", many=True, completes="profiles")
_PROFILE: Final = Option(
    "--profile",
    shown="P",
    help="The profile to use; by default the active one.",
    completes="profiles",
)

_ROLE: Final = (
    Option("--session", shown="S", help="With --account and --role: its session.",
           completes="sessions"),
    Option("--account", shown="A", help="A role without a profile: its account's ID or name."),
    Option("--role", shown="R", help="A role without a profile: its name."),
)  # fmt: skip

COMMANDS: Final[Mapping[str, Command]] = {
    "run": Command(
        "tray.cli.daemon_commands:run",
        Option("--no-icon", kind="flag", help="Run without an icon."),
    ),
    "start": Command("tray.cli.daemon_commands:start"),
    "status": Command(
        "tray.cli.status_command:status",
        Argument("session", many=True, completes="sessions"),
        _AS_JSON,
        Option("--watch", kind="flag", help="Keep running and print every change; Ctrl-C stops."),
        quick="tray.cli.quick.quick_status:status",
    ),
    "login": Command(
        "tray.cli.login.login_command:login",
        Argument("session", shown="[SESSION|PROFILE]", completes="sessions"),
        Option("--all", name="every", kind="flag", help="Sign in to every session that needs it."),
        Option("--device-code", kind="flag", help="Enter a code in a browser on any machine."),
        Option("--no-browser", kind="flag", help="Print the link instead of opening it."),
        Option("--afresh", kind="flag", help="Sign out first, to start a full new session."),
        Option(
            "--callback-port",
            kind="number",
            between=(1, 65535),
            shown="N",
            help="The port on 127.0.0.1 that the browser returns to.",
        ),
        Option("--undo", kind="flag", help="Undo a sign-out on this machine only."),
        _NO_DAEMON,
    ),
    "logout": Command("tray.cli.session_commands:logout", _SESSION, _EVERY),
    "renew": Command("tray.cli.session_commands:renew", _SESSION),
    "release": Command("tray.cli.session_commands:release", _SESSION, _EVERY),
    "use": Command(
        "tray.cli.profile_commands:use",
        Argument("profile", shown="[PROFILE]", many=True, completes="profiles"),
        Option("--none", name="nobody", kind="flag", help="Make no profile active."),
        quick="tray.cli.quick.quick_profile:use",
    ),
    "apply": Command(
        "tray.cli.apply_command:apply",
        Argument("target", choices=("default", "process"), required=True),
        Option("--off", kind="flag", help="Undo it."),
    ),
    "profiles": Command(
        "tray.cli.profile_commands:profiles",
        Argument("words", shown="[WORD]...", many=True),
        Option("--star", kind="flag", help="Make a profile a favourite; alone: list them."),
        Option("--unstar", kind="flag", help="Remove a profile from the favourites."),
        _AS_JSON,
        quick="tray.cli.quick.quick_listing:profiles",
    ),
    "accounts": Command(
        "tray.cli.accounts.accounts_command:accounts",
        Argument("words", shown="[WORD]...", many=True),
        Option("--session", shown="S", help="Only this session.", completes="sessions"),
        Option("--refresh", kind="flag", help="Ask AWS for the list now."),
        Option("--changes", kind="flag", help="Print which roles last appeared or vanished."),
        _AS_JSON,
    ),
    "add": Command(
        "tray.cli.add.add_command:add",
        _SESSION,
        Option("--start-url", shown="URL", help="Start URL of a new session (https://...)."),
        Option("--sso-region", shown="REGION", help="Region of a new session."),
        Option(
            "--scopes", shown="S", help="Scopes of a new session; default: sso:account:access."
        ),
        Option(
            "--account",
            shown="A",
            repeated=True,
            help="Only accounts whose ID or name matches.",
        ),
        Option("--role", shown="R", repeated=True, help="Only roles whose name matches."),
        Option("--pick", name="picks", shown="A/R", repeated=True, help="As 111122223333/Admin."),
        Option("--all", name="every", kind="flag", help="Add every role."),
        Option(
            "--name",
            shown="TEMPLATE",
            default="{account_name}-{role_name}",
            shows_default=True,
            help="Profile names.",
        ),
        Option(
            "--region",
            shown="REGION",
            help="Region of the profiles; default: the one most profiles use.",
        ),
        Option("--output", shown="FORMAT", help="Output format of the profiles: json, yaml ..."),
        Option("--sync", kind="flag", help="Add new roles and report lost ones."),
        Option("--prune", kind="flag", help="With --sync: remove lost ones."),
        Option("--dry-run", kind="flag", help="Show the change without making it."),
        Option("-y", "--yes", kind="flag", help="Write without asking."),
        Option("--session-only", kind="flag", help="Write the session and sign in; no profile."),
        _NO_DAEMON,
    ),
    "import": Command(
        "tray.cli.moving_in.import_command:move_in",
        Option(
            "--from",
            name="tool",
            shown="TOOL",
            choices=TOOLS,
            help=f"Only what this tool has configured: {', '.join(TOOLS)}.",
        ),
        Option("--dry-run", kind="flag", help="Show the change without making it."),
        Option("-y", "--yes", kind="flag", help="Write without asking."),
    ),
    "whoami": Command("tray.cli.credentials_command:whoami", _NAMED, _PROFILE, *_ROLE),
    "credentials": Command(
        "tray.cli.credentials_command:credentials",
        _NAMED,
        _PROFILE,
        Option(
            "--format",
            name="form",
            choices=FORMATS,
            default="process",
            shows_default=True,
            help="Output format.",
        ),
        Option(
            "--fresh",
            shown="TIME",
            help="At least this long must be left (45m, 1h); else fetch new ones.",
        ),
        Option("--active", kind="flag", help="Use the active profile, whatever AWS_PROFILE says."),
        *_ROLE,
        quick="tray.cli.quick.quick_profile:credentials",
    ),
    "exec": Command(
        "tray.cli.exec.exec_command:execute",
        _PROFILE,
        Option("--endpoint", kind="flag", help="Provide credentials that renew, over HTTP."),
        Option("--each", shown="PATTERN", help="Run it with every profile whose name matches."),
        Option("--guarded", kind="flag", help="With --each: with guarded profiles, too."),
        *_ROLE,
        Argument("command", shown="[PROFILE] -- COMMAND...", many=True, required=True),
        quick="tray.cli.quick.quick_exec:execute",
        as_env=True,
    ),
    "endpoint": Command(
        "tray.cli.exec.endpoint_command:endpoint",
        Option(
            "--profile",
            shown="P",
            help="Which profile; else the active one, whichever that is at the time.",
            completes="profiles",
        ),
        Argument("what", shown="[env]", choices=("env",)),
    ),
    "console": Command(
        "tray.cli.console_command:console",
        _NAMED,
        _PROFILE,
        Option(
            "--print", name="prints", kind="flag", help="Print the link instead of opening it."
        ),
        Option(
            "--federate",
            kind="flag",
            help="Create a link that signs you in; works for any role.",
        ),
        Option(
            "--pick",
            kind="flag",
            help="Pick any role from a list that narrows as you type.",
        ),
        Option("--service", shown="S", help="A service's page: s3, ec2, logs ..."),
        Option("--region", shown="REGION", help="In which region; default: the profile's."),
        Option("--destination", shown="URL", help="Any other page of the console."),
        *_ROLE,
        quick="tray.cli.quick.quick_profile:console",
    ),
    "open": Command(
        "tray.cli.accounts.open_command:open_page",
        Argument("words", shown="[WORD]...", many=True),
        Option(
            "--page",
            shown="PAGE",
            choices=PAGES,
            default="accounts",
            shows_default=True,
            help="What to show first.",
        ),
        Option(
            "--print",
            name="prints",
            kind="flag",
            help="Print the page's link, which opens once, instead of opening it.",
        ),
        _NO_DAEMON,
    ),
    "autostart": Command(
        "tray.cli.entry_commands:autostart",
        Argument("what", choices=("on", "off", "status"), default="status"),
    ),
    "menu-entry": Command(
        "tray.cli.entry_commands:menu_entry",
        Argument("what", choices=("on", "off", "status"), default="status"),
    ),
    "shell-init": Command(
        "tray.cli.shell.shell_integration:shell_init",
        Argument("shell", choices=SHELLS, required=True),
    ),
    "completion": Command(
        "tray.cli.shell.shell_integration:completion",
        Argument("shell", choices=COMPLETES, required=True),
    ),
    "settings": Command(
        "tray.cli.settings_listing.settings_command:settings",
        Argument("words", shown="[set NAME VALUE...|reset NAME|WORD...]", many=True),
        _AS_JSON,
    ),
    "doctor": Command(
        "tray.cli.doctor.doctor_command:doctor",
        _AS_JSON,
        Option(
            "--bundle",
            kind="path",
            shown="FILE",
            help="Write an archive for a bug report, without secrets.",
        ),
    ),
    "log": Command(
        "tray.cli.log_command:log",
        Option("--history", kind="flag", help="Show what happened to your sessions."),
        Option(
            "-n",
            "--lines",
            kind="number",
            between=(0, None),
            shown="N",
            default=40,
            shows_default=True,
            help="Number of lines to show.",
        ),
        Option("-f", "--follow", kind="flag", help="Keep showing new lines; Ctrl-C stops."),
    ),
    "forget": Command(
        "tray.cli.log_command:forget",
        Option("--history", kind="flag", help="Only the history."),
        Option("--accounts", kind="flag", help="Only the list of accounts and roles."),
    ),
    "quit": Command("tray.cli.daemon_commands:end"),
    "uninstall": Command(
        "tray.cli.uninstall_command:uninstall",
        Option("--dry-run", kind="flag", help="Only list what would be done."),
        Option("-y", "--yes", kind="flag", help="Do it without asking."),
    ),
    "guide": Command("tray.cli.guide_command:guide", Argument("topic")),
    "demo": Command("tray.cli.daemon_commands:demo"),
}
"""In the order of ``--help``; their texts are in `tray.cli.front.help_texts`."""
