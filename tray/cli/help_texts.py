"""The texts of ``--help``, which read like a manual page."""

from __future__ import annotations

from typing import Final

PROGRAM: Final = """\
Keep AWS IAM Identity Center (AWS SSO) sessions alive, from the system tray or from here.

SSO Tray reads ~/.aws/config, renews access tokens silently, keeps refresh tokens in the OS keyring
and says so before a sign-in is needed. The AWS CLI and every SDK go on reading the token cache
they know. Without a command it starts the tray (see "run"). Every command works with and without
it, under the same locks.
"""

EPILOG: Final = """\
\b
Examples:
  sso-tray login corp              sign in through the browser
  sso-tray status                  what every session is doing
  sso-tray use dev                 make "dev" the active profile
  sso-tray whoami --profile prod   user, account and role
  sso-tray demo                    try it all, without an AWS account

\b
Exit codes:
  0  done
  1  failed; one sentence on stderr says why
  2  usage: an unknown option, or a session or profile that does not exist
  3  a person must sign in

"sso-tray guide" explains files, settings, environment variables and everything else.
"""

RUN: Final = """\
Become the resident: watch, renew and warn until "quit".

It stays in this terminal; "sso-tray run &" gives the terminal back, and "sso-tray autostart on"
starts it at every login. One resident runs for each state directory; where one runs already, this
says so and is done. It ends on "quit" or a signal.
"""

STATUS: Final = """\
Show what every session is doing, or only those named.

A SESSION is the name of an [sso-session] section, the start URL of a legacy login, or a profile,
which stands for its session. Without a resident only files are read: never the keyring, never the
network.

\b
Exit codes:
  0  all named sessions are usable now; without a name always
  3  one of them needs a person

\b
Examples:
  sso-tray status corp && terraform plan
  sso-tray status --json | jq -r '.sessions[] | .name + " " + .state'
  sso-tray status --watch
"""

LOGIN: Final = """\
Sign in to a session, given by its own name or by one of its profiles.

Without a name: the session of the active profile, else the only one there is. The browser opens
from this terminal, with its environment; where none can be opened you get a code to enter
elsewhere. A session that renews by itself is left alone, and nothing is opened. This never reads
standard input.

\b
Examples:
  sso-tray login corp
  sso-tray login --all
  sso-tray login corp --device-code            on a machine without a browser
  sso-tray login corp --no-browser --callback-port 8400
                                               with that port forwarded through SSH
  sso-tray login corp --afresh                 start the portal session's clock anew
"""

LOGOUT: Final = """\
Sign out: at AWS, in the keyring, in the token cache, and from cached role credentials.

Works offline, too, and then says what remains. It can be repeated.
"""

RENEW: Final = """\
Renew a session's access token now.

SSO Tray does so by itself at half the token's life; this is for scripts and for doubt.
"""

RELEASE: Final = """\
Hand sessions back to the AWS CLI, for instance before uninstalling.

The refresh token is written into its token cache file and removed from the keyring. From then on
SSO Tray watches and warns, and writes nothing, until the next "login".
"""

USE: Final = """\
Make PROFILE the active one; "-" is the previous one. Without an argument: show it.

An exported AWS_PROFILE wins over it in its terminal.
"""

APPLY: Final = """\
Let the AWS config follow the active profile, or no more.

\b
  default   a managed [default] with the active profile's keys, so that a bare "aws" and every
            SDK follow; your own other keys in [default] stay. Refused where a [default] gives
            credentials of its own. While a guarded profile is active it is left out.
  process   [profile sso-tray], which asks SSO Tray for the active profile's credentials: name
            it once, in AWS_PROFILE or in an IDE.

Nothing else in the file changes by a single byte, --off restores it, and the last five versions
are kept in the state directory. A section that somebody else has changed, or taken out, is left
alone until you apply it again; "status" says so. A profile that cannot stand in [default] leaves
none there, never the one before.
"""

PROFILES: Final = """\
List the profiles of the AWS config, as the AWS CLI lists them.

The active one is marked with "*". With a config that the AWS CLI refuses, too, --json prints no
profiles and names the problem, and the exit code is 1.
"""

ADD: Final = """\
Add profiles for the accounts and roles that a session gives you.

SESSION is an existing session or a new name; what is missing is asked for, in a terminal. A new
session is written first. Then it signs in where needed, lists every account and role, lets you
pick, shows the change and writes all profiles at once. One that is there for a role already is
left alone. Nothing else in the file changes.

Patterns are those of a shell, and may be given several times. With --sync, profiles of the session
whose role is not yours any more are told, and in a terminal it offers to take them out; --prune
does it unasked. The active profile, a guarded one, one that others chain from and one with
settings of its own stay, and it says so.

\b
Examples:
  sso-tray add                                 asks for everything
  sso-tray add corp --all --region eu-west-1
  sso-tray add corp --account "*prod*" --role ReadOnly --name "{account_name}-ro"
  sso-tray add devto-article --start-url https://sso-portal.awsapps.com/start \\
      --sso-region eu-west-2 --role ReadOnly --name test-profile
  sso-tray add corp --sync --prune             what is new comes, what is gone goes

A name template has {account_name}, {account_id}, {role_name}, {email} and {session}. Names are
made of letters, digits and ._@+- as every SDK reads them; where two would be the same, what tells
them apart is added.
"""

WHOAMI: Final = """\
Ask AWS whom a profile's credentials belong to.

It prints the user who signed in, account and role; of a role that a chain assumes, in place of the
user, the name of its role session, which is nobody's name.

\b
Exit codes:
  3  a person must sign in first
"""

CREDENTIALS: Final = """\
Print credentials of a profile for a program or a shell.

The format "process" is what AWS SDKs read from a credential_process; "json" adds the profile's
name and region; "env" is for POSIX shells. Nothing else is printed on stdout, and no browser is
ever opened: where a sign-in is needed the exit code is 3. Which program asked for which role is
written to the history.

\b
Examples:
  eval "$(sso-tray credentials --profile dev --format env)"
  sso-tray credentials --format fish | source
  sso-tray credentials --format powershell | Out-String | Invoke-Expression

\b
In ~/.aws/config:
  [profile dev-by-tray]
  credential_process = sso-tray credentials --profile dev
"""

EXEC: Final = """\
Run a command with credentials of a profile, the active one by default.

They are given in the command's environment, from which everything that would shadow them is
taken out. With --endpoint they are not: the command is told of an HTTP endpoint on 127.0.0.1
instead, which lives as long as it does, answers nobody else, and hands out fresh credentials
until the sign-in session ends. Every AWS SDK asks such an endpoint by itself.

Where [default] has credentials of its own, which SDKs would take first, the command with
--endpoint has a copy of the config, without keys, in AWS_CONFIG_FILE: what other programs write
there is lost at its end. Commands of SSO Tray see and change your own config.

\b
Exit codes:
  of the command, or 128 and the number of the signal that ended it
  3    before it starts: a person must sign in
  125  failed, one sentence on stderr says why
  126  the command cannot be run
  127  there is no such command

\b
Examples:
  sso-tray exec --profile prod -- terraform plan
  sso-tray exec --endpoint -- ./a-server-that-runs-for-days
"""

CONSOLE: Final = """\
Open a profile's AWS console in the browser, of the active profile by default.

The link is the access portal's own: it names account and role, carries no secret, and your
browser's portal session signs you in. --federate makes a link that signs in by itself, from the
profile's credentials, and so takes role chains and other profiles, too; such a link is a secret
for 15 minutes, and the browser gets it from this command, never on its command line.

\b
Examples:
  sso-tray console --profile prod
  sso-tray console --print
  sso-tray console --federate --destination https://console.aws.amazon.com/s3/
"""

AUTOSTART: Final = """\
Start SSO Tray at login, or no more; without an argument: say how it stands.

Linux: an entry in ~/.config/autostart. macOS: a LaunchAgent. Windows: the user's Run key. What
the desktop's own settings switched off counts as off, and "on" switches it on again. An entry
that was changed by hand is left alone.
"""

SHELL_INIT: Final = """\
Print a hook that lets AWS_PROFILE follow the active profile in a shell.

The hook reads a file of three lines at each prompt and starts no process. It says a line when the
profile changed. Whatever you export as AWS_PROFILE yourself, even if it is empty, pins a terminal;
"sso-tray-pin [PROFILE]" does, too, and sso-tray-unpin lets it follow again. A guarded profile is
exported only where you pin it. For a prompt of your own there is the function sso_tray_prompt,
which prints the profile and the time left; bash and zsh have the same in the variable
SSO_TRAY_PROMPT, without starting anything. In a fish before 3.5 the function starts date(1).

\b
Once, in the file your shell reads at its start:
  eval "$(sso-tray shell-init bash)"          ~/.bashrc
  eval "$(sso-tray shell-init zsh)"           ~/.zshrc
  sso-tray shell-init fish | source           ~/.config/fish/config.fish
  Invoke-Expression (& sso-tray shell-init powershell | Out-String)     $PROFILE
"""

COMPLETION: Final = """\
Print what completes commands, sessions and profiles in a shell.

\b
  eval "$(sso-tray completion bash)"          ~/.bashrc
  eval "$(sso-tray completion zsh)"           ~/.zshrc
  sso-tray completion fish | source           ~/.config/fish/config.fish
"""

DOCTOR: Final = """\
Tell what works here, what does not, and what to type about it.

Looks at the resident, the desktop, the keyring (never with a prompt), the AWS config and what each
SDK makes of it, every session, the environment, the clock against AWS's, and files. Takes ten
seconds at most, whatever hangs.

--bundle FILE writes an archive for a report: these findings, state, logs, history, the names of
environment variables and the outline of the config. Every value of this machine that may be a
secret is cut from it, in whatever form; too short to be told from words are those of under 8
characters, or of up to 12 letters and nothing else. Sessions, profiles, accounts, roles and start
URLs are numbered words, the same in every file. FILE is never written over.

\b
Exit codes:
  0  nothing needs a person
  1  something does; it is marked with "x"
"""

LOG: Final = """\
Show the log, or with --history what happened to your sessions; --follow goes on.

Neither holds a secret: both can be attached to a report.
"""

QUIT: Final = """\
End the resident.

Says until when the AWS CLI goes on working. With none running there is nothing to do.
"""

GUIDE: Final = """\
Read the guide; without TOPIC, list its topics.

At a terminal the page opens in $PAGER (less by default); elsewhere it is printed.

\b
Examples:
  sso-tray guide
  sso-tray guide active-profile
"""

DEMO: Final = """\
Try it in a minute, without an AWS account.

Runs the real program against a built-in Identity Center, in a home directory of its own with
lives of seconds: sign-in, silent renewal, warning, profile switch, sign-out. Nothing of yours is
touched. Exit code 0 means that every step truly happened.
"""
