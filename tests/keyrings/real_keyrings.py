"""
GNOME Keyring, KWallet and KeePassXC as people run them, on a test's own bus and screen.

Each is opened by its password as the login screen or a person does it, and can be locked, killed,
stopped and started again. Whatever it shows is a window on the screen, or a call to the prompter.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]  # no stubs exist
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # the same

from tests.components import Component, require
from tests.desk import Running, start_screen, until
from tests.keyring_session import PASSWORD, PATIENCE, PROMPTER, SECRETS, KeyringSession

_TAKEN: Final = 8.0
"""Seconds after which a dialog that is still there has not heard all keys."""
_LOOK_AGAIN: Final = 0.2
_BUS: Final = "org.freedesktop.DBus"
_WALLET: Final = "kdewallet"
_KWALLET: Final = DBusAddress("/modules/kwalletd5", "org.kde.kwalletd5", "org.kde.KWallet")
_SALT: Final = bytes(56)
_GROUP: Final = "9a8d5bb5-3a1e-4b0e-8a1b-0123456789ab"
_DATABASE: Final = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile>
 <Meta><RecycleBinEnabled>True</RecycleBinEnabled><CustomData><Item>
  <Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{{{_GROUP}}}</Value></Item></CustomData></Meta>
 <Root><Group><UUID>mo1btToeSw6KGwEjRWeJqw==</UUID><Name>Passwords</Name></Group></Root>
</KeePassFile>
"""
_SETTINGS: Final = """\
[General]
UpdateCheckMessageShown=true
[GUI]
CheckForUpdates=false
[FdoSecrets]
Enabled=true
ConfirmAccessItem={asks}
ConfirmDeleteItem={asks}
"""


class RealKeyring(ABC):
    """
    A keyring that a test holds in its hands.

    Args:
        session: whose bus it serves.
        environ: of its process, with a screen.
        running: starts it, and ends it with everything else.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[Component, ...]]
    main_window: ClassVar[str] = "\0"  # how the title of the one that is no dialog begins

    def __init__(
        self, session: KeyringSession, environ: Mapping[str, str], running: Running
    ) -> None:
        self.session = session
        self.environ = dict(environ)
        self.home = Path(environ["HOME"])
        self.running = running
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: set[str] = set()

    @abstractmethod
    def start(self) -> None:
        """Start it, open."""

    @abstractmethod
    def lock(self) -> None:
        """Close it."""

    @abstractmethod
    def unlock(self) -> None:
        """Open it."""

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(PATIENCE)

    def stop(self) -> None:
        """Let it hang."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def dialogs(self) -> set[str]:
        """Return the titles of the windows it has shown so far, its main window left out."""
        return set(self._seen)

    def answer(self, waiting: Callable[[], bool]) -> bool:
        """
        Give the password to each dialog, as a person does: again where one has not taken it.

        Args:
            waiting: whether the program that wants to be let in is still there.

        Returns:
            Whether there was one.
        """
        shown = False
        while waiting():
            if windows := self._windows():
                shown = True
                self._type(windows[-1][0])
                with suppress(AssertionError):
                    until(lambda: not self._windows() or None, "the dialog to go", _TAKEN)
            time.sleep(_LOOK_AGAIN)
        self._seen.clear()
        return shown

    def shown(self) -> str:
        """Return the id of its dialog, once it is on the screen."""
        return until(self._windows, "the dialog")[-1][0]

    def whole(self) -> str:
        """Return all it holds, opened by the password, where it has a file that can be."""
        return ""

    def _type(self, window: str) -> None:
        self._xdotool("windowfocus", "--sync", window)
        self._xdotool("key", "ctrl+a")  # what is left of a password that came too early
        self._xdotool("type", "--delay", "12", PASSWORD)
        self._xdotool("key", "Return")

    def binned(self) -> str:
        """Return what its recycle bin holds, opened by the password."""
        return ""

    def watch(self, enough: threading.Event) -> None:
        """See what is on the screen, until it is enough."""
        while not enough.wait(0.5):
            self._seen |= {title for _, title in self._windows()}

    def _windows(self) -> list[tuple[str, str]]:
        """Return ids and titles of the windows on the screen, the main window left out."""
        ids = self._xdotool("search", "--onlyvisible", "--name", ".").split()
        titles = [(one, self._xdotool("getwindowname", one).strip()) for one in ids]
        return [
            (one, title)
            for one, title in titles
            if title and not title.startswith(self.main_window)
        ]

    def _xdotool(self, *words: str) -> str:
        done = subprocess.run(
            [require("xdotool"), *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.stdout

    def _run(self, command: Sequence[str | Path], said: str = "") -> None:
        """Start it and wait until it serves secrets."""
        process = self.running.start(command, self.environ, stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(said.encode())
        process.stdin.close()
        self._process = process
        until(lambda: self._owner(SECRETS) or None, f"{self.name} on the bus")

    def _owner(self, name: str) -> bool:
        there = DBusAddress(
            "/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus"
        )
        return bool(self._ask(there, "NameHasOwner", "s", name)[0])

    def _ask(self, there: DBusAddress, member: str, signature: str = "", *body: object) -> Any:
        with closing(open_dbus_connection(self.session.address)) as bus:
            message = new_method_call(there, member, signature, body)
            return bus.send_and_get_reply(message, timeout=PATIENCE).body

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


class GnomeKeyring(RealKeyring):
    """Opened and closed through the socket that the login screen uses."""

    name = "GNOME Keyring"
    needs = ("gnome-keyring-daemon", "gcr-prompter")

    def start(self) -> None:
        """Start it, open; the bus starts the prompter when it is wanted."""
        prompter = require("gcr-prompter")
        (self.session.directory / "services" / f"{PROMPTER}.service").write_text(
            f"[D-BUS Service]\nName={PROMPTER}\n"
            f"Exec=/usr/bin/env DISPLAY={self.environ['DISPLAY']} {prompter}\n"
        )
        there = DBusAddress("/org/freedesktop/DBus", _BUS, _BUS)
        self._ask(there, "ReloadConfig")
        control = self.session.directory / "control"
        daemon = require("gnome-keyring-daemon")
        words = ["--foreground", "--components=secrets", f"--control-directory={control}"]
        self._run([daemon, *words, "--unlock"], PASSWORD)

    def lock(self) -> None:
        """Close it."""
        self.session.lock()

    def unlock(self) -> None:
        """Open it."""
        self.session.unlock()


class KWallet(RealKeyring):
    """Opened as ``pam_kwallet`` does, by a hash of the password; its wizard is behind it."""

    name = "KWallet"
    needs = ("kwalletd5",)

    def start(self) -> None:
        """Start it, open."""
        settings = self.home / ".config/kwalletrc"
        first = not settings.exists()
        settings.parent.mkdir(exist_ok=True)
        settings.write_text("[Wallet]\nFirst Use=false\n")
        salt = self.home / ".local/share/kwalletd" / f"{_WALLET}.salt"
        salt.parent.mkdir(parents=True, exist_ok=True)
        salt.write_bytes(_SALT)
        self._run(self._command())
        self.unlock()
        if first:
            # The wallet that this has made is known to the Secret Service from the next start on.
            self.lock()
            self.kill()
            self._run(self._command())
            self.unlock()

    def lock(self) -> None:
        """Close it."""
        self._ask(_KWALLET, "close", "sb", _WALLET, True)

    def unlock(self) -> None:
        """Open it."""
        made = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), _SALT, 50_000, 56)
        self._ask(_KWALLET, "pamOpen", "sayi", _WALLET, made, 0)
        until(lambda: self._ask(_KWALLET, "isOpen", "s", _WALLET)[0] or None, "an open wallet")

    def _command(self) -> list[str | Path]:
        return [require("kwalletd5")]


class KWalletWithoutPlugin(KWallet):
    """In a mount namespace in which Qt's crypto plug-ins are not installed (needs root)."""

    name = "KWallet without Qt's crypto plug-in"

    def _command(self) -> list[str | Path]:
        plugins = next(Path("/usr/lib").glob("*/qca-qt5"))
        hide = f"mount -t tmpfs none {plugins} && exec kwalletd5"
        return ["unshare", "--mount", "sh", "-c", hide]


class KeePassXC(RealKeyring):
    """With one database that is open to programs, and as few questions as its settings allow."""

    name = "KeePassXC, not confirming"
    needs = ("keepassxc",)
    main_window = "passwords.kdbx"
    asks: ClassVar[bool] = False

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.home / "passwords.kdbx"

    def start(self) -> None:
        """Start it, open."""
        settings = self.home / ".config/keepassxc/keepassxc.ini"
        if not settings.exists():
            settings.parent.mkdir(parents=True)
            settings.write_text(_SETTINGS.format(asks=str(self.asks).lower()))
            plain = self.home / "database.xml"
            plain.write_text(_DATABASE)
            self._cli("import", "-p", plain, self.database, said=f"{PASSWORD}\n" * 2)
            plain.unlink()
        self._run([require("keepassxc"), "--pw-stdin", self.database], f"{PASSWORD}\n")
        until(lambda: self._collections() or None, "an open database")

    def lock(self) -> None:
        """Close it."""
        subprocess.run([require("keepassxc"), "--lock"], env=self.environ, check=True)
        until(lambda: not self._collections() or None, "a closed database")

    def unlock(self) -> None:
        """Open it."""
        self._type(self._xdotool("search", "--onlyvisible", "--name", "KeePassXC").split()[-1])
        until(lambda: self._collections() or None, "an open database")

    def binned(self) -> str:
        """Return what its recycle bin holds."""
        found = re.search(r"<Name>Recycle Bin</Name>.*?</Group>", self.whole(), re.DOTALL)
        return found[0] if found else ""

    def whole(self) -> str:
        """Return all it holds."""
        return self._cli("export", self.database, said=f"{PASSWORD}\n")

    def _collections(self) -> list[str]:
        alias = DBusAddress("/org/freedesktop/secrets", SECRETS, "org.freedesktop.Secret.Service")
        path = self._ask(alias, "ReadAlias", "s", "default")[0]
        if path == "/":
            return []
        there = DBusAddress(path, SECRETS, "org.freedesktop.DBus.Properties")
        body = self._ask(there, "Get", "ss", "org.freedesktop.Secret.Collection", "Locked")
        return [] if body[0][1] else [path]

    def _cli(self, *words: str | Path, said: str) -> str:
        done = subprocess.run(
            ["keepassxc-cli", *words],
            env=self.environ,
            input=said,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        return done.stdout


class KeePassXCAsking(KeePassXC):
    """As it is when its Secret Service has just been turned on."""

    name = "KeePassXC as installed"
    asks = True


KEYRINGS: Final[tuple[type[RealKeyring], ...]] = (
    GnomeKeyring,
    KWallet,
    KWalletWithoutPlugin,
    KeePassXC,
    KeePassXCAsking,
)


@contextmanager
def real_keyring(kind: type[RealKeyring], session: KeyringSession) -> Iterator[RealKeyring]:
    """Run a keyring on a session's bus, open, until the end of the block."""
    for component in kind.needs:
        require(component)
    running = Running(session.directory)
    with ExitStack() as stack:
        stack.callback(running.end_all)
        # KeePassXC runs once for each directory of temporary files.
        environ = {**session.environ, "TMPDIR": str(session.directory / "run")}
        environ["DISPLAY"] = start_screen(running, environ, require("xvfb"), (1024, 768))
        keyring = kind(session, environ, running)
        keyring.start()
        enough = threading.Event()
        watching = threading.Thread(target=keyring.watch, args=(enough,))
        watching.start()
        stack.callback(watching.join)
        stack.callback(enough.set)
        yield keyring
