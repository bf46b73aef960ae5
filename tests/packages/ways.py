"""
Each way in and out, in an empty Debian: what is there before, in use and after each step out.

pip, pipx, the frozen folder, the Debian package and the RPM. Looked at are every file of the
system, the keyring's items and the bytes of the AWS config; the last step is the line that
``uninstall`` prints, as it stands.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.packages.deb import next_version
from tests.packages.pip_upgrade import BROWSER
from tests.packages.root import USER, Root, base, clean_root, environment
from tests.packages.screen import start_session
from tests.packages.told import holds, output, title, until
from tests.packages.wheel import BUILDER
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

HOME = f"/home/{USER}"
PACKAGES = (
    "dbus", "gnome-keyring", "libglib2.0-bin", "pipx", "procps", "python3-venv", "rpm",
)  # fmt: skip
CONFIG = f"""\
# by hand, with a blank at the end of this line \n\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access

[profile  dev]\r
sso_session=corp
sso_account_id = 123456789011
sso_role_name = FullAccess
"""
"""As people write it: two blanks, a carriage return, and all of it there again at the end."""
_OF_OTHERS = re.compile(
    rf"/(var/(lib/(dpkg|apt|rpm)|log|cache)|etc/ld\.so\.cache|root)(/|$)"
    rf"|{HOME}/(\.aws/sso|\.cache|\.local/share/keyrings)(/|$)"
    rf"|{HOME}/\.local/((share|state)/)?pipx(/|$)"
    r"|\.pyc$"
)
"""What the package's, the keyring's and AWS's own programs keep, and Python's compiled files."""
_WALK = """\
import os
for folder, inner, names in os.walk("/"):
    inner[:] = [one for one in inner if not os.path.ismount(os.path.join(folder, one))]
    for name in names + [one for one in inner if os.path.islink(os.path.join(folder, one))]:
        print(os.path.join(folder, name))
"""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way in: how it comes, what is typed then, and what its last line begins with."""

    install: Callable[[Root], object]
    program: str
    leave: str


def _pip(root: Root) -> None:
    root.user("python3", "-m", "venv", f"{HOME}/venv")
    root.user(f"{HOME}/venv/bin/pip", "install", "--quiet", _wheel(root))


def _pipx(root: Root) -> None:
    root.user("pipx", "install", _wheel(root))


def _folder(root: Root) -> None:
    root.user("cp", "--recursive", "/opt/frozen/sso-tray", f"{HOME}/sso-tray")


def _deb(root: Root) -> None:
    root.root("dpkg", "--install", "/opt/packages/first.deb")


def _rpm(root: Root) -> None:
    root.root("rpm", "--install", "--nodeps", "/opt/packages/first.rpm")


def _wheel(root: Root) -> str:
    return root.root("sh", "-c", "ls /opt/packages/*.whl").strip()


WAYS = {
    "pip": _Way(_pip, f"{HOME}/venv/bin/sso-tray", f"{HOME}/venv/bin/python3 -m pip uninstall"),
    "pipx": _Way(_pipx, f"{HOME}/.local/bin/sso-tray", "pipx uninstall"),
    "frozen": _Way(_folder, f"{HOME}/sso-tray/sso-tray", f"delete {HOME}/sso-tray"),
    "deb": _Way(_deb, "/usr/bin/sso-tray", "sudo apt remove"),
    "rpm": _Way(_rpm, "/usr/bin/sso-tray", "sudo dnf remove"),
}
_AS_ROOT_HERE = {
    "sudo apt remove": "apt-get remove --yes",
    "sudo dnf remove": "rpm --erase --nodeps",
}


def check(wheel: Path, deb: Path, rpm: Path | None, frozen: Path) -> None:
    """Go each way in and out."""
    with tempfile.TemporaryDirectory(prefix="sso-tray-ways-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        shutil.copy(wheel, place)
        shutil.copy(deb, place / "first.deb")
        if rpm is not None:
            shutil.copy(rpm, place / "first.rpm")
        (place / "browser.py").write_text(BROWSER)
        # What an index would give; the empty system itself asks nobody.
        output([
            BUILDER, "-m", "pip", "--quiet", "--disable-pip-version-check", "download",
            "--dest", place / "wheels", wheel, "pip", "setuptools", "wheel",
        ])  # fmt: skip
        shows = {"/opt/packages": place, "/opt/frozen": frozen}
        for name, way in WAYS.items():
            if name != "rpm" or rpm is not None:
                _in_and_out(name, way, shows)
        next_version(deb, place / "next.deb")
        _two_people(shows)


def _in_and_out(name: str, way: _Way, shows: dict[str, Path]) -> None:
    title(f"In and out by {name}, in an empty Debian")
    with (
        IdentityCenter(auto_approve=True) as center,
        clean_root(base("ways", PACKAGES), shows) as root,
    ):
        root.environ = environment(
            {
                **center.environment(),
                "PATH": f"{HOME}/.local/bin:/usr/bin:/bin",
                "BROWSER": "python3 /opt/packages/browser.py %s",
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": "/opt/packages/wheels",
            }
        )
        start_session(root)
        root.write(f"{HOME}/.aws/config", CONFIG)
        # Debian's rpm has a list for each user; Fedora's and SUSE's have the system's.
        root.write("/etc/rpm/macros", "%_dbpath /var/lib/rpm\n", user=False)
        before, config = _files(root), _config(root)
        way.install(root)
        installed = _files(root)
        _use(root, way.program)
        in_use = _files(root) - installed
        items = _items(root)
        changed = _config(root) != config
        holds("in use it has files, keyring items and keys in the config", in_use and items and
              changed, f"{len(in_use)} files, {len(items)} items")  # fmt: skip
        told = root.user(way.program, "uninstall", "--yes").strip().splitlines()
        until(lambda: not root.processes("sso-tray run"), "the daemon's end")
        left = sorted(_files(root) - installed)
        holds("`uninstall` leaves no file of ours", not left, left or f"{len(in_use)} are gone")
        holds("no keyring item", not _items(root), f"{len(items)} before")
        holds("and the config byte for byte", _config(root) == config, config[:12])
        token = root.root("sh", "-c", f"cat {HOME}/.aws/sso/cache/*.json")
        renews = center.accepts_refresh_token(json.loads(token)["refreshToken"])
        holds("the AWS CLI has its refresh token back", renews)
        line = told[-1].partition(": ")[2] or told[-1].partition(", ")[2]
        holds("it says how the program goes", line.startswith(way.leave), line)
        _leave(root, line)
        left = sorted(_files(root) - before)
        holds("and that leaves the system as it was", not left, left[:9] or f"{len(before)} files")


def _two_people(shows: dict[str, Path]) -> None:
    """Two users of one machine and one package: what each does touches nothing of the other's."""
    title("Two people on one machine")
    with (
        IdentityCenter(auto_approve=True) as center,
        clean_root(base("ways", PACKAGES), shows) as ada,
    ):
        bob = ada.beside("bob", 1001)
        _deb(ada)
        for one in (ada, bob):
            browser = "python3 /opt/packages/browser.py %s"
            own = {**center.environment(), "BROWSER": browser}
            one.environ = environment(own, one.name, one.uid)
            start_session(one)
            one.write(f"/home/{one.name}/.aws/config", CONFIG)
            _use(one, "sso-tray")
        users = _daemons(ada)
        holds("each has a daemon of their own", sorted(users) == ["ada", "bob"], users)
        reads = [
            one.tries("find", f"/home/{other.name}/.local/state/sso-tray",
                      f"/run/user/{other.uid}/sso-tray", "-type", "f", "-readable")
            for one, other in ((ada, bob), (bob, ada))
        ]  # fmt: skip
        holds("and neither sees into the other's files", all(reads), f"exit codes {reads}")
        ada.root("dpkg", "--install", "/opt/packages/next.deb")

        def anew() -> bool:
            now = _daemons(ada)
            return sorted(now) == ["ada", "bob"] and not set(now.values()) & set(users.values())

        until(anew, "both daemons anew")
        holds("an upgrade restarts both, each as its user", True, _daemons(ada))
        bobs, config = _items(bob), bob.read("/home/bob/.aws/config")
        ada.user("sso-tray", "uninstall", "--yes")
        until(lambda: "ada" not in _daemons(ada), "the end of the one daemon")
        holds("one takes their leave, and the other's daemon, keyring and config stay",
              [*_daemons(ada)] == ["bob"] and bobs == _items(bob)
              and config == bob.read("/home/bob/.aws/config"))  # fmt: skip
        state = json.loads(bob.user("sso-tray", "status", "--json"))["sessions"][0]["state"]
        holds("and the session renews", bob.user("sso-tray", "renew", "corp"), state)


def _daemons(root: Root) -> dict[str, int]:
    """Return the daemons' processes by user."""
    pids = root.processes("sso-tray run")
    return {root.root("stat", "-c", "%U", f"/proc/{pid}").strip(): pid for pid in pids}


def _use(root: Root, program: str) -> None:
    root.starts(program, "run", "--no-icon")
    until(lambda: json.loads(root.user(program, "status", "--json"))["resident"], "the daemon")
    for command in (
        "login corp", "use dev", "apply default", "apply process", "autostart on",
        "menu-entry on", "settings set privacy.keep_days 30", "accounts", "whoami --profile dev",
    ):  # fmt: skip
        root.user(program, *command.split())


def _leave(root: Root, line: str) -> None:
    """Do what the line says, saying yes."""
    for typed, here in _AS_ROOT_HERE.items():
        if line.startswith(typed):
            root.root(*shlex.split(line.replace(typed, here)))
            return
    if line.startswith("delete "):
        root.user("rm", "--recursive", *shlex.split(line)[1:])
    else:
        root.user("sh", "-c", f"yes | {line}")
    # The environment was the user's own, made for it.
    root.user("rm", "--recursive", "--force", f"{HOME}/venv")


def _files(root: Root) -> set[str]:
    """Return every file of the system but those of others."""
    return {
        path for path in root.root("python3", "-c", _WALK).split("\n") if path
        and not _OF_OTHERS.search(path)
    }  # fmt: skip


def _config(root: Root) -> str:
    """Return the digest of the AWS config."""
    return root.root("sha256sum", f"{HOME}/.aws/config").split()[0]


def _items(root: Root) -> list[str]:
    """Return the items of the default collection."""
    told = root.user(
        "gdbus", "call", "--session", "--dest", "org.freedesktop.secrets",
        "--object-path", "/org/freedesktop/secrets/aliases/default",
        "--method", "org.freedesktop.DBus.Properties.Get",
        "org.freedesktop.Secret.Collection", "Items",
    )  # fmt: skip
    return re.findall(r"'(/[^']+)'", told)
