"""The Debian package in a clean Debian: installed, used, upgraded, handed back, removed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.components import find
from tests.desk import colour_box
from tests.packages.root import USER, Root, base, clean_root, environment
from tests.packages.screen import TrayIcon, keep, look, start_desktop
from tests.packages.told import Broken, holds, output, title, until
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

CONFIG = f"""\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = corp
sso_account_id = 123456789011
sso_role_name = FullAccess
region = eu-west-1

[profile reader]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = ReadOnly
region = eu-west-1
"""
T = TypeVar("T")

HOME = f"/home/{USER}"
RESIDENT = r"^/usr/(bin|lib/sso-tray)/sso-tray run$|^sso-tray run$"


def check(package: Path) -> None:
    """Go through all of it."""
    aws = find("aws-newest")
    if aws is None:
        raise Broken("the official AWS CLI is not unpacked: make test does that")
    with tempfile.TemporaryDirectory(prefix="sso-tray-packages-") as folder:
        first = shutil.copy(package, Path(folder) / "first.deb")
        next_version(Path(first), Path(folder) / "next.deb")
        title("The Debian package, in a clean Debian with nothing but a desktop")
        below = base()
        shows = {"/opt/awscli": aws.parent, "/opt/packages": Path(folder)}
        with (
            IdentityCenter(auto_approve=True) as center,
            clean_root(below, shows) as root,
        ):
            browser = "/usr/lib/sso-tray/sso-tray --internal tray.demo.demo_story --browser %s"
            root.environ = environment({**center.environment(), "BROWSER": browser})
            start_desktop(root)
            root.write(f"{HOME}/.aws/config", CONFIG)
            icon = TrayIcon(root)
            _install(root)
            _start(root, icon)
            _use(root, icon)
            _autostart(root)
            _upgrade(root, icon)
            _demo(root)
            _take_off(root, center)


def _install(root: Root) -> None:
    before = set(_installed(root))
    root.root("apt-get", "install", "-y", "--no-install-recommends", "/opt/packages/first.deb")
    new = set(_installed(root)) - before
    holds("installs with nothing beside it", new == {"sso-tray"}, ", ".join(sorted(new)))
    holds("there is no Python there", root.tries("sh", "-c", "command -v python3") != 0)
    holds("answers", "sso-tray" in (told := root.user("sso-tray", "--version")), told.strip())


def _start(root: Root, icon: TrayIcon) -> None:
    entry = root.read("/usr/share/applications/sso-tray.desktop")
    command = re.findall(r"^Exec=(.+)$", entry, re.MULTILINE)[0].split()
    root.starts(*command)
    name = until(lambda: _quietly(icon.name), "the icon in the tray")
    holds(
        f"`{' '.join(command)}`, as the desktop entry has it: the icon is in the tray", name, name
    )
    rows = [row.label for row in icon.menu()]
    holds("its menu is told over the bus", "corp: signed out" in rows and "Quit" in rows,
          f"{len(rows)} rows, the first: {rows[0]}")  # fmt: skip
    until(lambda: colour_box(look(root), STATE_COLOURS["signed-out"]), "the icon on the screen")
    holds("it is seen on the panel", True, keep(look(root), "first-start").name)


def _use(root: Root, icon: TrayIcon) -> None:
    icon.click("reader")
    until(lambda: _status(root)["active_profile"] == "reader", "the profile clicked on")
    holds("a click in the menu acts", True, "status: reader is active")
    root.user("sso-tray", "login", "corp")
    session = _session(root)
    holds("signs in, the refresh token in the keyring",
          (session["state"], session["keeper"]) == ("signed-in", "keyring"),
          f"{session['state']}, kept by {session['keeper']}")  # fmt: skip
    until(lambda: colour_box(look(root), STATE_COLOURS["signed-in"]), "the icon of signed-in")
    holds("the icon follows", True, keep(look(root), "signed-in").name)
    holds("the AWS CLI works", "ReadOnly" in (told := _aws(root, "reader")), told)
    document = json.loads(root.user("sso-tray", "credentials", "--format", "process"))
    holds("credentials are handed out", document["Version"] == 1, document["Expiration"])
    root.user("sh", "-c", f"sso-tray doctor --json >{HOME}/doctor.json || true")
    doctor = json.loads(root.read(f"{HOME}/doctor.json"))
    holds("`doctor` looks at it, and knows its libraries", {"boto3", "keyring"} <=
          set(doctor["libraries"]), f"{len(doctor['findings'])} findings")  # fmt: skip
    root.user("sso-tray", "doctor", "--bundle", f"{HOME}/report.zip")
    root.user("sso-tray", "apply", "process")
    config = root.read(f"{HOME}/.aws/config")
    (line,) = re.findall(r"credential_process\s*=\s*(.+)", config)
    told = _aws(root, "sso-tray")
    holds("also to the AWS CLI by credential_process, without a Python", "ReadOnly" in told, line)
    root.user("sso-tray", "apply", "process", "--off")
    for shell in ("bash", "zsh", "fish", "powershell"):
        hook = root.user("sso-tray", "shell-init", shell)
        holds(f"`shell-init {shell}`", "AWS_PROFILE" in hook, f"{len(hook.splitlines())} lines")
    root.user("sso-tray", "renew", "corp")  # one that waits for more work ends after seconds
    workers = root.processes("--internal tray.worker")
    holds("by workers of the frozen program", workers, f"pids {workers}")


def _autostart(root: Root) -> None:
    root.user("sso-tray", "autostart", "on")
    entry = root.read(f"{HOME}/.config/autostart/sso-tray.desktop")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sso-tray.desktop"
        file.write_text(entry)
        output(["desktop-file-validate", file])
    (program,) = re.findall(r"^TryExec=(.+)$", entry, re.MULTILINE)
    holds("the autostart entry is valid", root.tries("test", "-x", program) == 0, program)


def _upgrade(root: Root, icon: TrayIcon) -> None:
    (before,) = _residents(root)
    environ = root.read(f"/proc/{before}/environ")
    root.root("apt-get", "install", "-y", "--no-install-recommends", "/opt/packages/next.deb")

    def another() -> int | None:
        found = _residents(root)
        return found[0] if len(found) == 1 and found[0] != before else None

    after = until(another, "the resident anew")
    version = root.root("dpkg-query", "--show", "--showformat", "${Version}", "sso-tray")
    holds("an upgrade restarts the running resident", True,
          f"{version}, pid {before} -> {after}")  # fmt: skip
    exe = root.root("readlink", f"/proc/{after}/exe").strip()
    holds("from the new files", exe == "/usr/lib/sso-tray/sso-tray", exe)
    owner = root.root("stat", "-c", "%U", f"/proc/{after}").strip()
    desktop = _desktop_of(environ)
    same = desktop == _desktop_of(root.read(f"/proc/{after}/environ"))
    holds("as its user, in its desktop session", owner == USER and same, f"{owner}, {desktop}")
    holds("nothing of it is left lying about",
          root.tries("test", "-e", "/run/sso-tray-upgrade.json") != 0)  # fmt: skip
    until(lambda: _quietly(icon.name), "the icon in the tray again")
    session = until(lambda: _quietly(lambda: _session(root)), "an answer")
    holds("icon and session are there as before", session["state"] == "signed-in",
          session["state"])  # fmt: skip


def _demo(root: Root) -> None:
    lines = root.user("sso-tray", "demo").strip().splitlines()
    proofs = [line for line in lines if line.lstrip().startswith("✓")]
    holds("the demo passes beside it", lines[-1].startswith("Every step worked"),
          f"{len(proofs)} proofs; {lines[-1]}")  # fmt: skip
    holds("and its keyring was a real one", any("another client" in line for line in proofs))
    holds("nothing of it stays behind", root.user("ls", "/tmp").strip() == "" or "demo" not in
          root.user("ls", "/tmp"))  # fmt: skip


def _take_off(root: Root, center: IdentityCenter) -> None:
    with center.lock:
        center.token_life = 600  # short enough for the AWS CLI to renew at once
    before = root.read(f"{HOME}/.aws/config")
    for target in ("default", "process"):
        root.user("sso-tray", "apply", target)
    changed = root.read(f"{HOME}/.aws/config") != before
    for target in ("default", "process"):
        root.user("sso-tray", "apply", target, "--off")
    same = root.read(f"{HOME}/.aws/config") == before
    holds("what was applied leaves the config as it was", changed and same)
    for target in ("default", "process"):
        root.user("sso-tray", "apply", target)
    root.user("sso-tray", "autostart", "on")
    root.user("sso-tray", "renew", "corp")
    lines = root.user("sso-tray", "uninstall", "--yes").strip().splitlines()
    holds("`uninstall` ends the daemon", until(lambda: not _residents(root), "its end"))
    holds("and leaves the config as it was", root.read(f"{HOME}/.aws/config") == before)
    homes = _home(root)
    ours = sorted(path for path in homes if "sso-tray" in path)
    holds("and no file of ours at home", not ours, ours or f"{len(homes)} files of others")
    holds("and says what is left to do", lines[-1].endswith("sudo apt remove sso-tray"), lines[-1])
    root.root("apt-get", "remove", "-y", "sso-tray")
    left = root.root("sh", "-c", "ls -d /usr/lib/sso-tray /usr/bin/sso-tray 2>&1 || true")
    holds("removal takes the program away", left.count("No such file") == 2)
    renewed = center.count("CreateToken", grant_type="refresh_token")
    holds("the AWS CLI works as before", "FullAccess" in (told := _aws(root, "dev")), told)
    times = center.count("CreateToken", grant_type="refresh_token") - renewed
    holds("and renews by itself", times == 1, f"{times} CreateToken by refresh_token")
    root.root("dpkg", "--purge", "sso-tray")
    holds("purge touches nobody's home", _home(root) >= homes, f"{len(homes)} files there")


# --- What is seen ----------------------------------------------------------------------------


def _installed(root: Root) -> list[str]:
    return root.root("dpkg-query", "--show", "--showformat", "${Package}\n").split()


def _status(root: Root) -> dict[str, object]:
    document: dict[str, object] = json.loads(root.user("sso-tray", "status", "--json"))
    return document


def _session(root: Root) -> dict[str, str]:
    sessions = json.loads(root.user("sso-tray", "status", "--json"))["sessions"]
    return next(dict(one) for one in sessions if one["key"] == "corp")


def _aws(root: Root, profile: str) -> str:
    told = root.user(
        "aws", "sts", "get-caller-identity", "--profile", profile, "--query", "Arn",
        "--output", "text",
    )  # fmt: skip
    return told.strip()


def _residents(root: Root) -> list[int]:
    """Return the daemons that are the user's own and not a demo's."""
    return root.processes(RESIDENT)


def _desktop_of(environ: str) -> list[str]:
    names = ("DISPLAY=", "DBUS_SESSION_BUS_ADDRESS=", "HOME=")
    return sorted(pair for pair in environ.split("\0") if pair.startswith(names))


def _home(root: Root) -> set[str]:
    found = root.root("find", f"{HOME}/.aws", f"{HOME}/.local", f"{HOME}/.config", "-type", "f")
    return {path for path in found.split("\n") if path and "xfce4" not in path}


def _quietly(ask: Callable[[], T]) -> T | None:
    """Return an answer, or None while there is nobody to give one."""
    try:
        return ask()
    except Broken:
        return None


def next_version(package: Path, into: Path) -> None:
    """Make the next version's package: the same files under a higher number."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "next"
        output(["dpkg-deb", "--raw-extract", package, place])
        control = place / "DEBIAN/control"
        control.write_text(
            re.sub(r"(?m)^Version: (.*)$", r"Version: \1+next", control.read_text())
        )
        output(["dpkg-deb", "--root-owner-group", "-Znone", "--build", place, into])
