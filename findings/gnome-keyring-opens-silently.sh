#!/usr/bin/env bash
# A program that waits for the signal that the keyring is unlocked waits for ever if the login screen does it.
#
# The Secret Service specification announces a changed collection by CollectionChanged, D-Bus a changed property by
# PropertiesChanged. GNOME Keyring 42.1 sends both when a program locks the keyring. It sends none when the
# password comes by the daemon's own socket, which is how the login screen's PAM module unlocks it.
# Seen: "lock: CollectionChanged ItemChanged PropertiesChanged", "unlock: no signal", "locked: False".
# Needs gnome-keyring-daemon and dbus-run-session (apt: gnome-keyring, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/ask.py" <<'SCRIPT'
import os, socket, struct
import secretstorage
from jeepney import HeaderFields, MatchRule, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

bus = secretstorage.dbus_init()
login = secretstorage.get_default_collection(bus)
login.create_item("mine", {"user": "me"}, b"secret")
watch = open_dbus_connection()
Proxy(message_bus, watch).AddMatch(MatchRule(type="signal", path_namespace="/org/freedesktop/secrets"))

def signals():
    seen = set()
    while True:
        try:
            seen.add(watch.receive(timeout=3).header.fields[HeaderFields.member])
        except TimeoutError:
            return " ".join(sorted(seen)) or "no signal"

signals()
login.lock()
print("lock:", signals())
password = b"pw"  # a byte for the credentials, then length, operation 1 (unlock), the password with its length
with socket.socket(socket.AF_UNIX) as control:
    control.connect(os.environ["XDG_RUNTIME_DIR"] + "/keyring/control")
    control.sendall(b"\0" + struct.pack("!III", 12 + len(password), 1, len(password)) + password)
    assert control.recv(8, socket.MSG_WAITALL) == struct.pack("!II", 8, 0)
print("unlock:", signals())
print("locked:", login.is_locked())
SCRIPT
gnome-keyring-daemon --version | sed -n 1p
seen=$(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" dbus-run-session -- sh -c '
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$0/venv/bin/python" "$0/ask.py"' "$work" 2>/dev/null)
echo "$seen"
[ "$seen" = 'lock: CollectionChanged ItemChanged PropertiesChanged
unlock: no signal
locked: False' ]
