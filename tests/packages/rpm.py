"""
The RPM package, by rpm itself in a clean root: installed, used, upgraded under a daemon, removed.

The root is Debian's with rpm in it, so the C library that the package asks for is there but not in
rpm's own list: dependencies are read, not resolved. Fedora's and SUSE's own tools are not tried.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.packages.root import USER, Root, base, clean_root, environment
from tests.packages.told import holds, output, title, until
from tests.packages.wheel import BUILDER, ROOT
from tray.fake_aws.fake_options import DEFAULT_START_URL
from tray.fake_aws.identity_center import IdentityCenter

CONFIG = f"""\
[sso-session corp]
sso_region = eu-west-2
sso_start_url = {DEFAULT_START_URL}
sso_registration_scopes = sso:account:access
"""
HOME = f"/home/{USER}"
NEXT = "99.0.0"
RESIDENT = r"^/usr/(bin|lib/sso-tray)/sso-tray run|^sso-tray run"


def check(package: Path) -> None:
    """Go through all of it."""
    with tempfile.TemporaryDirectory(prefix="sso-tray-packages-") as folder:
        first = shutil.copy(package, Path(folder) / "first.rpm")
        output([BUILDER, ROOT / "packaging/build.py", "rpm", "--version", NEXT])
        (built,) = (ROOT / "dist").glob(f"sso-tray-{NEXT}*.rpm")
        shutil.move(built, Path(folder) / "next.rpm")
        shutil.copy(first, package)
        title("The RPM package, by rpm in a clean root")
        below = base("rpm", ("procps", "rpm"))
        with (
            IdentityCenter(auto_approve=True) as center,
            clean_root(below, {"/opt/packages": Path(folder)}) as root,
        ):
            browser = "/usr/lib/sso-tray/sso-tray --internal tray.demo.demo_story --browser %s"
            root.environ = environment({**center.environment(), "BROWSER": browser})
            root.write(f"{HOME}/.aws/config", CONFIG)
            # Debian's rpm has a list for each user; Fedora's and SUSE's have the system's.
            root.write("/etc/rpm/macros", "%_dbpath /var/lib/rpm\n", user=False)
            before = _everything(root)
            _install(root)
            _use(root)
            _upgrade(root)
            _take_off(root, before)


def _install(root: Root) -> None:
    needs = root.root("rpm", "--query", "--requires", "--package", "/opt/packages/first.rpm")
    asked = [line for line in needs.splitlines() if not line.startswith("rpmlib")]
    known = all(one.startswith(("glibc >= ", "/bin/sh")) for one in asked)
    holds("asks for the C library and a shell alone", known, ", ".join(asked))
    root.root("rpm", "--install", "--nodeps", "/opt/packages/first.rpm")
    holds("there is no Python there", root.tries("sh", "-c", "command -v python3") != 0)
    holds("answers", "sso-tray" in (told := root.user("sso-tray", "--version")), told.strip())
    changed = root.root("rpm", "--verify", "--nodeps", "sso-tray").strip()
    holds("every file is as it was packed", not changed, changed)


def _use(root: Root) -> None:
    # Our child, as nothing in there would reap it.
    root.starts("sso-tray", "run")
    until(lambda: root.tries("sso-tray", "renew", "corp") != 2, "the daemon")
    root.user("sso-tray", "login", "corp")
    told = root.user("sso-tray", "status").strip()
    holds("signs in", "signed in" in told, told.splitlines()[0])
    last = root.user("sso-tray", "uninstall", "--dry-run").strip().splitlines()[-1]
    holds("knows what has installed it", last.endswith("sudo dnf remove sso-tray"), last)


def _upgrade(root: Root) -> None:
    (before,) = root.processes(RESIDENT)
    root.root("rpm", "--upgrade", "--nodeps", "/opt/packages/next.rpm")

    def another() -> int | None:
        found = root.processes(RESIDENT)
        return found[0] if len(found) == 1 and found[0] != before else None

    after = until(another, "the daemon anew")
    version = root.root("rpm", "--query", "sso-tray").strip()
    holds("an upgrade restarts the running daemon", True, f"{version}, pid {before} -> {after}")
    held = root.root("readlink", f"/proc/{after}/exe").strip()
    holds("from the new files", held == "/usr/lib/sso-tray/sso-tray", held)


def _take_off(root: Root, before: set[str]) -> None:
    root.root("rpm", "--erase", "--nodeps", "sso-tray")
    until(lambda: not root.processes(RESIDENT), "the daemon's end")
    holds("removal ends the daemon", True)
    left = sorted(_everything(root) - before)
    holds("and leaves nothing of its own", not left, left[:5])


def _everything(root: Root) -> set[str]:
    """Return every file, and every folder of ours; those of the system may stay."""
    found = root.root(
        "find", "/etc", "/usr", "-xdev", "(", "!", "-type", "d", "-o", "-name", "*sso-tray*", ")"
    )
    return set(found.splitlines())
