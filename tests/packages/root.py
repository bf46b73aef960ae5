"""
A clean Debian to install in: nothing but its base system and a desktop.

It is made by mmdebstrap once and kept in ``.tools``; each run works on a layer over it, in a
namespace of its own whose end ends every process in it. The network is the machine's own, so that
the Identity Center on loopback is reached, and the screen from outside.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.packages.told import PATIENCE, Broken, output, until

TOOLS = Path(__file__).parents[2] / ".tools"
DESKTOP = (
    "dbus", "gnome-keyring", "libglib2.0-bin", "procps", "xfce4-notifyd", "xfce4-panel", "xvfb",
)  # fmt: skip
"""The panel's desktop; gdbus is how the menu is asked from beside the panel."""
_LEFT_OUT = tuple(f"path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man"))
_MADE_WITHIN = 3600.0
"""Seconds: a desktop's thousand packages take two minutes, and twenty where others are at work."""
USER = "ada"
UID = 1000

_ENTER = """\
set -e
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
mount -t tmpfs -o mode=755 run "$2/root/run"
mount -t tmpfs -o mode=1777 tmp "$2/root/tmp"
root=$2/root
shift 2
while [ $# -gt 0 ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
echo ready
exec sleep infinity
"""


def base(kind: str = "package", packages: Sequence[str] = DESKTOP) -> Path:
    """
    Return the root everything is laid over, made where it is not there yet (under a minute).

    The machine's own apt sources and proxies are used.

    Args:
        kind: what it is for; an older one of the same kind is removed.
        packages: what is in it beside Debian's base system.
    """
    release = Path("/etc/os-release").read_text()
    (suite,) = re.findall(r"^VERSION_CODENAME=(\w+)$", release, re.MULTILINE)
    named = hashlib.sha256(repr((suite, packages)).encode()).hexdigest()[:12]
    made = TOOLS / f"{kind}-root-{suite}-{named}"
    if made.is_dir():
        return made
    for old in TOOLS.glob(f"{kind}-root-*"):
        shutil.rmtree(old)
    made.parent.mkdir(parents=True, exist_ok=True)
    fresh = made.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = [
        f"--aptopt={line}"
        for line in output(["apt-config", "dump"]).splitlines()
        if re.match(r"Acquire::(https?|Check[^ ]*)[: ]", line)
    ]
    # Nothing here outlives a crash of the machine, and nobody reads a manual in it.
    options += [f"--dpkgopt={line}" for line in ("force-unsafe-io", *_LEFT_OUT)]
    output([
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", *options,
        f'--customize-hook=chroot "$1" useradd --create-home --uid {UID} {USER}',
        suite, fresh, *_sources(suite),
    ], patience=_MADE_WITHIN)  # fmt: skip
    fresh.rename(made)
    return made


def _sources(suite: str) -> list[Path]:
    """Return the files that name this suite; none: mmdebstrap knows the usual place."""
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    told = [path for path in places if path.is_file()]
    return [
        path for path in told if re.search(rf"debian.*\b{suite}\b", path.read_text(), re.DOTALL)
    ]


class Root:
    """
    The running clean system.

    Args:
        path: where its files are seen, within the namespace only.
        pid: of the process that holds the namespace.
        name: of the user there.
        uid: of the same.
    """

    def __init__(self, path: Path, pid: int, name: str = USER, uid: int = UID) -> None:
        self.path = path
        self.pid = pid
        self.name = name
        self.uid = uid
        self.environ: dict[str, str] = {}

    def beside(self, name: str, uid: int) -> Root:
        """Return the same system as another user's, who is made."""
        self.root("useradd", "--create-home", "--uid", str(uid), name)
        return Root(self.path, self.pid, name, uid)

    def argv(self, *command: str, user: bool = False) -> list[str]:
        """Return the argv that runs a program in there, as root or as the user."""
        drop = [f"--reuid={self.uid}", f"--regid={self.uid}", "--init-groups"] if user else []
        environ = self.environ if user else {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return [
            "nsenter", f"--target={self.pid}", "--mount", "--pid",
            "chroot", str(self.path), "setpriv", *drop,
            "env", "-i", "-C", f"/home/{self.name}",
            *(f"{name}={value}" for name, value in environ.items()), *command,
        ]  # fmt: skip

    def root(self, *command: str) -> str:
        """Run a program as root and return what it says."""
        return output(self.argv(*command))

    def user(self, *command: str) -> str:
        """Run a program as the user and return what it says."""
        return output(self.argv(*command, user=True))

    def tries(self, *command: str) -> int:
        """Run a program as the user and return its exit code alone."""
        argv = self.argv(*command, user=True)
        return subprocess.run(argv, capture_output=True, check=False, timeout=PATIENCE).returncode

    def starts(self, *command: str, said: str = "", user: bool = True) -> subprocess.Popen[str]:
        """Start a program, as the user or as root; it ends with the namespace."""
        process = subprocess.Popen(
            self.argv(*command, user=user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.close()
        return process

    def read(self, path: str) -> str:
        """Return a file's text."""
        return self.root("cat", path)

    def write(self, path: str, text: str, *, user: bool = True) -> None:
        """Write a file of the user's, or of root's."""
        argv = self.argv("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path, user=user)
        subprocess.run(argv, input=text, text=True, check=True, timeout=PATIENCE)

    def processes(self, pattern: str) -> list[int]:
        """Return the pids, as they are in there, whose command line fits a pattern."""
        argv = self.argv("pgrep", "--full", "--", pattern)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE)
        return [int(pid) for pid in done.stdout.split()]


@contextmanager
def clean_root(base: Path, binds: Mapping[str, Path]) -> Iterator[Root]:
    """
    Lay a fresh layer over a base and run it; all of it goes with the block.

    Args:
        base: what it is laid over.
        binds: where it shows which directories of ours.
    """
    layer = Path(tempfile.mkdtemp(prefix="sso-tray-root-"))
    for name in ("upper", "work", "root"):
        (layer / name).mkdir()
    holder = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
         "sh", "-c", _ENTER, "sh", base, layer,
         *(word for place, ours in binds.items() for word in (ours, place))],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            raise Broken("the clean root cannot be mounted here")
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        pid = int(until(lambda: children.read_text().split(), "the namespace's first process")[0])
        yield Root(layer / "root", pid)
    finally:
        holder.kill()
        holder.wait()
        shutil.rmtree(layer, ignore_errors=True)


def environment(extra: Mapping[str, str], name: str = USER, uid: int = UID) -> dict[str, str]:
    """Return what the user's programs start with."""
    run = f"/run/user/{uid}"
    return {
        "PATH": "/usr/bin:/bin:/opt/awscli",
        "HOME": f"/home/{name}",
        "USER": name,
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": run,
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run}/bus",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
        **extra,
    }
