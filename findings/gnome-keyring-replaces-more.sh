#!/usr/bin/env bash
# Storing a secret with few attributes overwrites another program's item that has more.
#
# The Secret Service specification: CreateItem with replace=true replaces "an item with the same attributes".
# GNOME Keyring 42.1 replaces the newest item whose attributes include the given ones, so that two programs
# that share an attribute lose secrets to each other. Called here through SecretStorage 3.5.0.
# Seen: one item is left, with the second program's secret and label; the first one's secret is gone.
# Needs gnome-keyring-daemon and dbus-run-session (apt: gnome-keyring, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/ask.py" <<'SCRIPT'
import secretstorage
bus = secretstorage.dbus_init()
login = secretstorage.get_default_collection(bus)
login.create_item("of the first program", {"user": "me", "program": "first"}, b"one", replace=True)
login.create_item("of the second program", {"user": "me"}, b"two", replace=True)
for item in login.get_all_items():
    print(item.get_label(), item.get_secret().decode())
SCRIPT
gnome-keyring-daemon --version | sed -n 1p
seen=$(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" dbus-run-session -- sh -c '
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$0/venv/bin/python" "$0/ask.py"' "$work" 2>/dev/null)
echo "$seen"
[ "$seen" = "of the second program two" ]
