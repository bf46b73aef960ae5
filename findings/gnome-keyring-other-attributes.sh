#!/usr/bin/env bash
# Until the keyring is unlocked for the first time, an item is found by attributes that it doesn't have.
#
# GNOME Keyring 42.1 keeps hashes of the attributes outside the encrypted part of its file. After a start, a search for
# user=me finds the locked item; asked for its attributes, it answers "gkr:compat:hashed:user" and a hash, and
# no label. Whoever lists the items and compares, or groups what the search found, finds nothing. Once the
# keyring was unlocked, names and label are there, also when it is locked again.
# Seen: "found: 1, label: '', attributes: gkr:compat:hashed:user", and twice "label: 'mine', attributes: user".
# Needs gnome-keyring-daemon and dbus-run-session (apt: gnome-keyring, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/write.py" <<'SCRIPT'
import secretstorage
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).create_item("mine", {"user": "me"}, b"secret")
SCRIPT
cat >"$work/ask.py" <<'SCRIPT'
import os, socket, struct
import secretstorage

bus = secretstorage.dbus_init()
login = secretstorage.get_default_collection(bus)

def look(when):
    found = list(login.search_items({"user": "me"}))
    names = [name for name in found[0].get_attributes() if name != "xdg:schema"]
    print(f"{when}: found: {len(found)}, label: {found[0].get_label()!r}, attributes:", *names)

assert login.is_locked()
look("after a start")
password = b"pw"  # a byte for the credentials, then length, operation 1 (unlock), the password with its length
with socket.socket(socket.AF_UNIX) as control:
    control.connect(os.environ["XDG_RUNTIME_DIR"] + "/keyring/control")
    control.sendall(b"\0" + struct.pack("!III", 12 + len(password), 1, len(password)) + password)
    assert control.recv(8, socket.MSG_WAITALL) == struct.pack("!II", 8, 0)
assert not login.is_locked()
look("unlocked")
login.lock()
assert login.is_locked()
look("locked again")
SCRIPT
gnome-keyring-daemon --version | sed -n 1p
clean=(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" dbus-run-session -- sh -c)
"${clean[@]}" 'printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$0/venv/bin/python" "$0/write.py"' "$work" 2>/dev/null
seen=$("${clean[@]}" 'gnome-keyring-daemon --start --components=secrets >/dev/null
"$0/venv/bin/python" "$0/ask.py"' "$work" 2>/dev/null)
echo "$seen"
[ "$seen" = "after a start: found: 1, label: '', attributes: gkr:compat:hashed:user
unlocked: found: 1, label: 'mine', attributes: user
locked again: found: 1, label: 'mine', attributes: user" ]
