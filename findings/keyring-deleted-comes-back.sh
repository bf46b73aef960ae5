#!/usr/bin/env bash
# A password that was deleted is answered with an older one.
#
# keyring 25.7.0 with keyrings.alt 5.0.2 beside it stores in a file where no Secret Service runs, as over SSH. On
# the desktop it does not change to the Secret Service: it makes a chain of both, which writes to
# the first and deletes from the first alone, and reads from whichever has something. No step is an error.
# Seen: "over SSH: old", "on the desktop: new", "deleted: old".
# Needs gnome-keyring-daemon and dbus-run-session (apt: gnome-keyring, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0 keyring==25.7.0 keyrings.alt==5.0.2
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/ssh.py" <<'SCRIPT'
import keyring
keyring.set_password("mail", "me", "old")
print("over SSH:", keyring.get_password("mail", "me"))
SCRIPT
cat >"$work/desktop.py" <<'SCRIPT'
import keyring
keyring.set_password("mail", "me", "new")
print("on the desktop:", keyring.get_password("mail", "me"))
keyring.delete_password("mail", "me")
print("deleted:", keyring.get_password("mail", "me"))
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run")
seen=$("${clean[@]}" "$work/venv/bin/python" "$work/ssh.py"
"${clean[@]}" dbus-run-session -- sh -c '
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
"$0/venv/bin/python" "$0/desktop.py"' "$work" 2>/dev/null)
echo "$seen"
[ "$seen" = $'over SSH: old\non the desktop: new\ndeleted: old' ]
