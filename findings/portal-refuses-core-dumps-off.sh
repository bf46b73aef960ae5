#!/usr/bin/env bash
# A program that forbids core dumps of itself gets no answer from the desktop's portals.
#
# prctl(PR_SET_DUMPABLE, 0) keeps secrets out of core dumps, as ssh-agent does. The kernel then gives /proc/PID to
# root. xdg-desktop-portal 1.16 opens /proc/PID/root to learn whether a caller is in a sandbox, and refuses whom it
# cannot look at: even the questions whether there is a network and which proxy to use, which ask for no right.
# Seen: "as usual: True, ['direct://']", "without core dumps: AccessDenied, AccessDenied".
# Needs xdg-desktop-portal, dbus-run-session and setpriv (apt: xdg-desktop-portal, dbus, util-linux).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet jeepney==0.9.0
mkdir -p -m 700 "$work/home" "$work/run"
cat >"$work/bus.conf" <<CONFIG
<busconfig>
  <type>session</type>
  <listen>unix:dir=$work/run</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
CONFIG
cat >"$work/ask.py" <<'SCRIPT'
import ctypes, subprocess, time
from jeepney import DBusAddress, HeaderFields, message_bus, new_method_call
from jeepney.io.blocking import Proxy, open_dbus_connection

name = "org.freedesktop.portal.Desktop"
QUESTIONS = [("NetworkMonitor", "GetAvailable", None, ()), ("ProxyResolver", "Lookup", "s", ("http://127.0.0.1/",))]

def ask(when):
    heard = []
    with open_dbus_connection() as bus:  # the portal remembers who is behind a connection
        for interface, *question in QUESTIONS:
            portals = DBusAddress("/org/freedesktop/portal/desktop", name, "org.freedesktop.portal." + interface)
            answer = bus.send_and_get_reply(new_method_call(portals, *question), timeout=30)
            error = answer.header.fields.get(HeaderFields.error_name)
            heard.append(error.rpartition(".")[2] if error else str(answer.body[0]))
    print(when, ", ".join(heard))

portal = subprocess.Popen(["/usr/libexec/xdg-desktop-portal"])
with open_dbus_connection() as bus:
    while not Proxy(message_bus, bus).NameHasOwner(name)[0]:
        time.sleep(0.1)
ask("as usual:")
PR_SET_DUMPABLE = 4
assert ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
ask("without core dumps:")
portal.terminate()
portal.wait()
SCRIPT
dpkg-query --show xdg-desktop-portal
as_user=() # root may look at any process, which no desktop's user may
[ "$(id -u)" != 0 ] || as_user=(setpriv --bounding-set=-all --inh-caps=-all)
seen=$(env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" "${as_user[@]}" timeout 60 \
  dbus-run-session --config-file="$work/bus.conf" -- "$work/venv/bin/python" "$work/ask.py" 2>/dev/null)
echo "$seen"
[ "$seen" = "as usual: True, ['direct://']
without core dumps: AccessDenied, AccessDenied" ]
