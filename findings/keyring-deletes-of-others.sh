#!/usr/bin/env bash
# delete_password deletes another program's item.
#
# keyring 25.7.0 looks in the Secret Service for the two attributes service and username alone and takes
# the first item that has them, whatever else marks it as another program's. get_password reads that item,
# delete_password deletes it.
# Seen: "get: of the other program", "left: 0".
# Needs gnome-keyring-daemon and dbus-run-session (apt: gnome-keyring, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0 keyring==25.7.0
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/ask.py" <<'SCRIPT'
import keyring, secretstorage
bus = secretstorage.dbus_init()
login = secretstorage.get_default_collection(bus)
marks = {"service": "mail", "username": "me", "application": "other", "account": "7"}
login.create_item("Mail of the other program", marks, b"of the other program")
print("get:", keyring.get_password("mail", "me"))
keyring.delete_password("mail", "me")
print("left:", len(list(login.get_all_items())))
SCRIPT
seen=$(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" dbus-run-session -- sh -c '
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$0/venv/bin/python" "$0/ask.py"' "$work" 2>/dev/null)
echo "$seen"
[ "$seen" = $'get: of the other program\nleft: 0' ]
