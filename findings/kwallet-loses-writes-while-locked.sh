#!/usr/bin/env bash
# A write to a locked wallet succeeds and is lost; a read returns an empty secret. Neither is an error.
#
# The Secret Service specification has the error IsLocked for both ("the object must be unlocked before this action
# can be carried out"). KWallet 5.103 answers SetSecret with success and GetSecret with no bytes when the wallet was
# closed after the caller had looked. Called here through SecretStorage 3.5.0, past its own check of `Locked`.
# Seen: the write returns, the read gives 0 bytes; once the wallet is open again the item has its old secret.
# Needs kwalletd5, Qt's crypto plug-in, Xvfb and dbus-run-session (apt: libkf5wallet-bin, libqca-qt5-2-plugins, xvfb, dbus).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet SecretStorage==3.5.0
mkdir -p -m 700 "$work/home/.config" "$work/run"
printf '[Wallet]\nFirst Use=false\n' >"$work/home/.config/kwalletrc"
cat >"$work/ask.py" <<'SCRIPT'
import subprocess
import time
from jeepney import DBusAddress, new_method_call
import secretstorage
from secretstorage.collection import get_collection_by_alias
from secretstorage.util import format_secret

bus = secretstorage.dbus_init()
wallets = DBusAddress("/modules/kwalletd5", "org.kde.kwalletd5", "org.kde.KWallet")

def ask(member, signature, *body):
    return bus.send_and_get_reply(new_method_call(wallets, member, signature, body)).body

def opened():  # as pam_kwallet opens it at login
    ask("pamOpen", "sayi", "kdewallet", b"h" * 56, 0)

def started():
    process = subprocess.Popen(["kwalletd5"], stderr=subprocess.DEVNULL)
    while not secretstorage.check_service_availability(bus):
        time.sleep(0.1)
    opened()
    return process

first = started()  # makes the wallet, which the Secret Service knows from the next start on
ask("close", "sb", "kdewallet", True)
first.terminate()
first.wait()
second = started()
wallet = get_collection_by_alias(bus, "default")
wallet.unlock()
item = wallet.create_item("mine", {"user": "me"}, b"old")
ask("close", "sb", "kdewallet", True)
print("locked:", item.is_locked())
item._item.call("SetSecret", "(oayays)", format_secret(item.session, b"new", "text/plain"))
print("the write returned")
item.ensure_not_locked = lambda: None
print("read:", item.get_secret())
opened()
wallet.unlock()
print("open again:", item.get_secret())
second.terminate()
SCRIPT
dpkg-query --show libkf5wallet-bin
seen=$(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" \
  timeout 60 xvfb-run --auto-servernum dbus-run-session -- "$work/venv/bin/python" "$work/ask.py" 2>/dev/null)
echo "$seen"
[ "$seen" = "locked: True
the write returned
read: b''
open again: b'old'" ]
