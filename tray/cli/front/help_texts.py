"""The texts of ``--help``, which read like a manual page."""

from __future__ import annotations

from typing import Final

SUMMARIES: Final = {
    "run": "Run SSO Tray in this terminal.",
    "start": "Start SSO Tray in the background.",
    "status": "Show the status of your sessions.",
    "login": "Sign in to a session.",
    "logout": "Sign out, on this machine and at AWS.",
    "renew": "Renew a session's access token now.",
    "release": "Return sessions to the AWS CLI.",
    "use": "Switch the active profile, or show it.",
    "apply": "Make the active profile the AWS default.",
    "profiles": "List the profiles of the AWS config.",
    "accounts": "List all accounts and roles you have.",
    "add": "Add profiles for your accounts and roles.",
    "import": "Bring in what other tools have configured.",
    "whoami": "Show who a profile's credentials belong to.",
    "credentials": "Print a profile's credentials.",
    "exec": "Run a command with a profile's credentials.",
    "endpoint": "Serve credentials to programs started elsewhere.",
    "console": "Open the AWS console in the browser.",
    "open": "Open the accounts page in the browser.",
    "autostart": "Turn start at login on or off, or show the setting.",
    "menu-entry": "Put SSO Tray into the desktop's menu, or take it out.",
    "shell-init": "Print a shell hook that follows the active profile.",
    "completion": "Print completion for your shell.",
    "settings": "Show the settings and where each is set; set or reset one.",
    "doctor": "Check your setup and say how to fix problems.",
    "log": "Show the log or the history of your sessions.",
    "forget": "Delete the history and the list of your accounts.",
    "quit": "Stop SSO Tray.",
    "uninstall": "Give everything back before SSO Tray is removed.",
    "guide": "Read the guide.",
    "demo": "Try SSO Tray without an AWS account.",
}
"""One line for each command, which fits a terminal of 80 columns."""

PROGRAM: Final = """\
Keep AWS IAM Identity Center (AWS SSO) sessions alive, from the system tray or the command line.

SSO Tray reads ~/.aws/config, renews access tokens in the background, keeps refresh tokens in the
system keyring and warns you before you have to sign in. The AWS CLI and the SDKs keep reading the
token cache they know. Without a command, SSO Tray starts (see "run"). Every command also works
while it isn't running.
"""

EPILOG: Final = """\
\b
Examples:
  sso-tray login corp     sign in through the browser
  sso-tray status         show all sessions
  sso-tray use dev        make "dev" the active profile
  sso-tray whoami prod    show user, account and role
  sso-tray demo           try it without an AWS account

\b
Exit codes:
  0  success
  1  failure; stderr says why
  2  usage error: unknown option, session or profile
  3  sign-in required

"sso-tray guide" explains files, settings, environment variables and everything else.
"""

RUN: Final = """\
Start SSO Tray: watch and renew sessions, and warn before they end.

It runs in this terminal until "quit" or a signal; "sso-tray start" runs it in the background, and
"sso-tray autostart on" starts it at every login. Only one runs per state directory; if it is
already running, this says so and exits. In a desktop session, it replaces one that was started
without a display.
"""

START: Final = """\
Start SSO Tray in the background, and say whether a tray shows its icon.

The user's systemd manager starts it where there is one; otherwise it detaches from this terminal.
"login" and "add" do the same by themselves, unless SSO Tray was stopped by "quit" or shouldn't run
here: see "sso-tray guide files-and-settings", setting start_daemon.
"""

STATUS: Final = """\
Show the status of all sessions, or of those you name.

SESSION is the name of an [sso-session] section, the start URL of a legacy login, or a profile,
which stands for its session. While SSO Tray isn't running, only files are read, never the keyring
or the network.

\b
Exit codes:
  0  all named sessions are usable now; always 0 without a name
  3  one of them needs you

\b
Examples:
  sso-tray status corp && terraform plan
  sso-tray status --json | jq -r '.sessions[] | .name + " " + .state'
  sso-tray status --watch
"""

LOGIN: Final = """\
Sign in to a session, given by its name or by one of its profiles.

Without a name, this signs in to the active profile's session, or to the only session there is. The
browser opens from this terminal, with its environment; where none can be opened, you get a code to
enter on another machine. If you're already signed in and the session renews automatically, nothing
is opened. This command never reads standard input. If SSO Tray isn't running, it is started in the
background; --no-daemon prevents that once, the setting start_daemon = "never" always.

\b
Examples:
  sso-tray login corp
  sso-tray login --all
  sso-tray login corp --device-code            on a machine without a browser
  sso-tray login corp --no-browser --callback-port 8400
                                               with that port forwarded over SSH
  sso-tray login corp --afresh                 start a new session with its full length
  sso-tray login corp --undo                   take back a sign-out on this machine

--undo is for a session that was signed out by removing its token file, as IDEs do, while AWS's own
session is still open: it restores the token without a browser, if AWS still accepts it.
"""

LOGOUT: Final = """\
Sign out at AWS and delete the tokens from the keyring and the token cache.

Cached role credentials of the session are deleted, too. It also works offline, and then says what
remains at AWS. You can repeat it.
"""

RENEW: Final = """\
Renew a session's access token now.

While it is running, SSO Tray renews at half the token's life; this command is for scripts.
"""

RELEASE: Final = """\
Return sessions to the AWS CLI, for instance before uninstalling SSO Tray.

The refresh token moves from the keyring to its token cache file. Until the next "login", SSO Tray
then only watches and warns. Where the settings require the keyring, you are signed out instead.
"""

USE: Final = """\
Make PROFILE the active one; "-" is the previous one, unless that is guarded. Without an argument,
show the active profile and, at a terminal, a list to pick from that narrows as you type.

At a terminal a few words do: "sso-tray use data adm" takes the only profile in whose name,
account, role or session words begin so, and says which. They never find a guarded profile, which
has to be named in full; nor does a script's command, whose names are exact. The same goes for
"exec", "console", "whoami" and "credentials".

AWS_PROFILE, where you export it, overrides the active profile in that terminal.
"""

APPLY: Final = """\
Make AWS tools follow the active profile through the AWS config.

\b
  default   a managed [default] with the active profile's keys, so that "aws" and the SDKs use
            it when no profile is named. Your other keys in [default] stay. Refused where
            [default] has credentials of its own. While a guarded profile is active, the
            managed keys are removed.
  process   [profile sso-tray], which gets the active profile's credentials from SSO Tray.
            Select it once, in AWS_PROFILE or in an IDE.

Nothing else in the file changes. --off restores it, and the state directory keeps the last five
versions. A region, output or other key that you or a program sets in the section is yours and
stays. If another program changes or removes credentials there, or [default] gets some in the
credentials file, SSO Tray removes its own and doesn't write them again until you apply it again;
until then "use" fails with exit code 1. For a profile that doesn't work in [default], the
managed keys are removed.
"""

PROFILES: Final = """\
List the profiles of the AWS config, as the AWS CLI lists them; with WORDs, those they find.

Favourites come first in the menu, in the list of "use" and in the desktop's search; stars are set
there, too.

"*" marks the active one. If the AWS CLI refuses the config, --json prints no profiles and names
the problem, and the exit code is 1.
"""

ACCOUNTS: Final = """\
List the accounts and roles that you have, with or without a profile; with WORDs, those they find.

The list is kept: while you use it, here, in the menu or in the desktop's search, SSO Tray asks AWS
for a new one each day, with at most eight requests at once. --refresh asks now, which takes one
request for each account. Nobody is signed in by it. The setting accounts.refresh turns off the
daily list, accounts.tell_changes the quiet notice about roles that are new or gone.

\b
Exit codes:
  3  sign-in required: nothing is listed yet

\b
Examples:
  sso-tray accounts prod admin
  sso-tray accounts --session corp --refresh
  sso-tray console --session corp --account 111122223333 --role ReadOnly
"""

ADD: Final = """\
Add profiles for the accounts and roles you have in a session.

SESSION is an existing session or a new name; in a terminal, you are asked for what is missing. A
new session is written first. Then SSO Tray signs in if necessary, lists your accounts and roles,
lets you pick, shows the change and writes all profiles at once. Roles that already have a profile
are skipped, unless you choose them and give a new name by --name, as for a second region. Nothing
else in the file changes. If SSO Tray isn't running, it is started, as by
"login".

Patterns work as in a shell and can be repeated. With --sync, profiles for roles you no longer have
are reported, and in a terminal you can have them removed; --prune removes them without asking. The
active profile, guarded ones, ones that others chain from and ones with settings of their own stay.

\b
Examples:
  sso-tray add                                 asks for everything
  sso-tray add corp --all --region eu-west-1
  sso-tray add corp --account "*prod*" --role ReadOnly --name "{account_name}-ro"
  sso-tray add devto-article --start-url https://sso-portal.awsapps.com/start \\
      --sso-region eu-west-2 --role ReadOnly --name test-profile
  sso-tray add corp --account 111122223333 --role Admin --name admin-us --region us-east-1
  sso-tray add corp --pick 111122223333/Admin --pick 444455556666/ReadOnly
  sso-tray add corp --sync --prune             add new roles, remove lost ones

Name templates can use {account_name}, {account_id}, {role_name}, {email} and {session}. Names
contain letters, digits and ._@+- only, which every SDK reads; to names that would be the same, the
role or account is added.
"""

IMPORT: Final = """\
Bring in what other tools have configured, as sessions and profiles that every SDK reads.

Reads aws-sso-cli's settings, what granted, aws-sso-util, aws-vault and aws-sso-cli have written
into the AWS config, and profiles of its old form without an [sso-session], which yawsso and
aws-vault work with. What can't be imported is listed with file, line and reason: roles that are
assumed by way of another, keys in aws-vault's keyring, Leapp's encrypted workspace.

The change is shown before it is written. Nothing of the other tools is changed: a profile whose
name they use is added as NAME-sso. "sso-tray doctor" names what of theirs stands in the way.
"""

WHOAMI: Final = """\
Ask AWS who a profile's credentials belong to.

Prints the signed-in user, the account and the role. For a chained role, prints the role session
name instead of a user.

\b
Exit codes:
  3  sign-in required
"""

CREDENTIALS: Final = """\
Print a profile's credentials for a program or a shell.

If SSO Tray was stopped by something else than "quit", it is started again.

The format "process" is what AWS SDKs read from a credential_process; "json" adds the profile's
name and region; "env" is for POSIX shells; "dotenv" and "ini" are files for other programs, the
region included. With --fresh 45m, credentials at hand are printed only if they have that long
left, else new ones. --session, --account and --role name a role that has no profile. Nothing else
is printed on stdout, and no browser is opened. The history records which program asked for which
role.

\b
Exit codes:
  3  sign-in required

\b
Examples:
  eval "$(sso-tray credentials dev --format env)"
  sso-tray credentials --format fish | source
  sso-tray credentials --format powershell | Out-String | Invoke-Expression

\b
In ~/.aws/config:
  [profile dev-by-tray]
  credential_process = sso-tray credentials --profile dev
"""

EXEC: Final = """\
Run a command with a profile's credentials, by default the active profile's.

The credentials are put into the command's environment, without anything that would override them.
With --endpoint, the command gets the address of an HTTP endpoint on 127.0.0.1 instead, which
serves only this command, lives as long as it does, and provides fresh credentials until the
session ends. Every AWS SDK can use such an endpoint.

--session, --account and --role name a role that has no profile. --each runs the command with
every profile whose name matches a pattern, eight at a time: each line of output begins with the
profile's name, the exit code is the highest, Ctrl-C ends all. Guarded ones need --guarded, too.

If [default] has credentials of its own, which SDKs would prefer, a command run with --endpoint
gets a copy of the config without keys in AWS_CONFIG_FILE; changes by other programs to that copy
are lost. SSO Tray's own commands see and change your config.

\b
Exit codes:
  the command's own, or 128 plus the number of the signal that ended it
  3    sign-in required; the command did not start
  125  failure; stderr says why
  126  the command can't be run
  127  the command wasn't found

\b
Examples:
  sso-tray exec prod -- terraform plan
  sso-tray exec --endpoint -- ./a-server-that-runs-for-days
  sso-tray exec --each 'team-*' -- aws s3 ls
"""

ENDPOINT: Final = """\
Serve a profile's credentials by HTTP on 127.0.0.1 until Ctrl-C, by default the active profile's.

It is for programs that something else starts, such as an IDE, a notebook or a JVM, and it keeps
working over sign-outs and sign-ins. "env" prints the two variables that lead AWS SDKs to it. Port
and token are new at each start; the token is in a file that only you can read. While a guarded
profile is active, an endpoint that follows the active profile gives nothing.

\b
Examples:
  sso-tray endpoint
  eval "$(sso-tray endpoint env)"
  sso-tray endpoint --profile prod
"""

CONSOLE: Final = """\
Open a profile's AWS console in the browser, by default the active profile's.

The link comes from the access portal. It names account and role and contains no secret; your
browser's portal session signs you in. --federate creates a link that signs you in by itself with
the profile's credentials, which also works for chained roles and other profiles. Such a link is a
secret for 15 minutes; it reaches the browser from this command, not on a command line.
--session, --account and --role name a role that has no profile.

\b
Examples:
  sso-tray console prod
  sso-tray console prod --service logs --region eu-central-1
  sso-tray console --print
  sso-tray console --federate --destination https://console.aws.amazon.com/s3/
"""

OPEN: Final = """\
Open a page in your browser with all accounts and roles, and the state of your sessions.

WORDs fill its search: type, choose with the arrow keys, and press Enter for the AWS console. A
role needs no profile for that. The page works without internet and shows no credentials. A process
of its own serves it on 127.0.0.1, to you alone, and ends two minutes after the page is closed. The
link that --print prints opens it once, within two minutes.

\b
Examples:
  sso-tray open
  sso-tray open prod admin
  sso-tray open --page sessions
"""

AUTOSTART: Final = """\
Turn start at login on or off, or show the setting.

Linux: an entry in ~/.config/autostart. macOS: a LaunchAgent. Windows: the user's Run key. An entry
disabled in the desktop's own settings counts as off, and "on" enables it again. An entry that was
edited by hand is left alone.
"""

MENU_ENTRY: Final = """\
Put SSO Tray into the desktop's menu of applications, or take it out.

For an installation by pip or pipx: a file in ~/.local/share/applications. A package brings an
entry of its own, and nothing is written then. An entry that was edited by hand is left alone.
"""

SHELL_INIT: Final = """\
Print a hook that makes AWS_PROFILE follow the active profile in a shell.

The hook reads a small file at each prompt, starts no process, and prints a line when the profile
changes. Exporting AWS_PROFILE yourself, even empty, pins a terminal, and so does "sso-tray-pin
[PROFILE]"; "sso-tray-unpin" lets it follow again. A guarded profile is exported only where you pin
it. For your own prompt, the function sso_tray_prompt prints the profile and the time left; bash
and zsh have the same in the variable SSO_TRAY_PROMPT. In fish before 3.5 it starts date(1).

\b
Add one line to your shell's startup file:
  eval "$(sso-tray shell-init bash)"          ~/.bashrc
  eval "$(sso-tray shell-init zsh)"           ~/.zshrc
  sso-tray shell-init fish | source           ~/.config/fish/config.fish
  Invoke-Expression (& sso-tray shell-init powershell | Out-String)     $PROFILE
"""

COMPLETION: Final = """\
Print completion of commands, sessions and profiles for a shell.

\b
  eval "$(sso-tray completion bash)"          ~/.bashrc
  eval "$(sso-tray completion zsh)"           ~/.zshrc
  sso-tray completion fish | source           ~/.config/fish/config.fish
"""

SETTINGS: Final = """\
Show every setting with its value and where it is set; with WORDs, those whose names have them.

A setting is the default, or set in your config.toml, in the menu, or by your administrator, whose
file is named, also where it locks the setting. Mistakes in these files are printed on stderr, and
by "doctor". A proxy's user and password are not shown.

"set NAME VALUE" changes one setting as the menu and the accounts page do; your config.toml stays
as it is, and what is set here wins over it. Several values make a list, none an empty one. "reset
NAME" undoes that. An invalid value is refused with the reason, a locked setting with the file that
locks it.

\b
Examples:
  sso-tray settings
  sso-tray settings keyring
  sso-tray settings set guarded "*prod*" "*live*"
  sso-tray settings set sessions.corp.length_hours 12
  sso-tray settings reset guarded
"""

DOCTOR: Final = """\
Check your setup and say how to fix problems.

Checks SSO Tray, the desktop, the keyring (without a prompt), the AWS config and how each SDK reads
it, your sessions, the environment, the clock and file permissions. It takes ten seconds at most.

--bundle FILE writes an archive for a bug report: these findings, state, logs, history, the names
of environment variables that SSO Tray knows, and the outline of the config. Only words of SSO Tray
itself and short numbers are kept; sessions, profiles, accounts, roles and start URLs are replaced
by numbered words, all else by "(cut)". An existing FILE is left alone.

\b
Exit codes:
  0  no problems
  1  problems, marked with "x"
"""

LOG: Final = """\
Show the log, or with --history what happened to your sessions.

Neither contains secrets, so you can attach them to a bug report.
"""

QUIT: Final = """\
Stop SSO Tray.

Refresh tokens move from the keyring to the token files until the next start, so that the AWS CLI
renews your sessions when it uses them. No command starts it again until you run
"start" or "run", click its menu entry, or begin a new desktop session.
"""

FORGET: Final = """\
Delete the history, the list of your accounts and roles, or both.

The history is what "log --history" and the menu show. Accounts and roles are listed again when the
menu or a search needs them. By themselves both go after 90 days: setting keep_days of [privacy].
The log stays; "uninstall" deletes everything.
"""

UNINSTALL: Final = """\
Give everything back before you remove SSO Tray.

Sessions go back to the AWS CLI, so nobody has to sign in again, and nothing stays in the keyring;
where the settings require the keyring, you are signed out.
SSO Tray's keys are removed from the AWS config, whose other bytes stay. SSO Tray stops, no longer
starts at login, and its state directory is deleted. What stays is listed: your settings, profiles
that you added, and the program itself, with the command that removes it. If a step fails, the ones
after it are not done, and you can run the command again.
"""

GUIDE: Final = """\
Read a page of the guide; without TOPIC, list the pages.

At a terminal the page opens in $PAGER (less by default); elsewhere it is printed.

\b
Examples:
  sso-tray guide
  sso-tray guide active-profile
"""

DEMO: Final = """\
Try SSO Tray in a minute, without an AWS account.

Runs the real program against a built-in Identity Center, in a home directory of its own and with
lifetimes of seconds: sign-in, renewal, warning, profile switch, sign-out. Your own files are not
touched. Exit code 0 means that every step worked.
"""
