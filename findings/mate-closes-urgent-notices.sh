#!/usr/bin/env bash
# MATE takes an urgent notice away after seven seconds, like any other.
#
# The Desktop Notifications specification: critical notifications "should not automatically expire". The daemon of
# MATE 1.26 closes one that leaves the time to the server (expire_timeout -1) as expired (reason 1); only a timeout
# of 0 keeps it. dunst 1.9 keeps it with -1, too.
# Seen, of two critical notices with -1 and 0, once a normal one has gone: "MATE: -1 is gone", "dunst: nothing is gone".
# Needs mate-notification-daemon, dunst, Xvfb and dbus-run-session (apt: mate-notification-daemon, dunst, xvfb, dbus).
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
import subprocess, sys, time
from jeepney import DBusAddress, HeaderFields, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import Proxy, open_dbus_connection

name = "org.freedesktop.Notifications"
server = DBusAddress("/org/freedesktop/Notifications", name, name)
NORMAL, CRITICAL = 1, 2
daemon = subprocess.Popen(sys.argv[2:])
bus = open_dbus_connection()
while not Proxy(message_bus, bus).NameHasOwner(name)[0]:
    time.sleep(0.1)
Proxy(message_bus, bus).AddMatch(MatchRule(type="signal", interface=name, member="NotificationClosed"))

def notify(urgency, expires):
    body = ("probe", 0, "", f"Notice {urgency} {expires}", "", [], {"urgency": ("y", urgency)}, expires)
    return bus.send_and_get_reply(new_method_call(server, "Notify", "susssasa{sv}i", body), timeout=30).body[0]

notices = {notify(CRITICAL, -1): "-1", notify(CRITICAL, 0): "0"}
normal = notify(NORMAL, -1)
gone = []
while True:  # until the normal one has gone, and a while longer
    try:
        closed = bus.receive(timeout=20 if normal else 5)
    except TimeoutError:
        break
    if closed.header.fields[HeaderFields.member] == "NotificationClosed":
        identity, reason = closed.body
        normal = None if identity == normal else normal
        gone += [notices[identity]] if identity in notices and reason == 1 else []
assert normal is None
print(sys.argv[1], *gone or ["nothing"], "is gone")
daemon.terminate()
daemon.wait()
SCRIPT
dpkg-query --show mate-notification-daemon dunst
ask() { # NAME COMMAND
  env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 timeout 90 \
    xvfb-run --auto-servernum dbus-run-session --config-file="$work/bus.conf" -- \
    "$work/venv/bin/python" "$work/ask.py" "$@" 2>/dev/null
}
seen=$(ask MATE: /usr/lib/mate-notification-daemon/mate-notification-daemon; ask dunst: dunst)
echo "$seen"
[ "$seen" = $'MATE: -1 is gone\ndunst: nothing is gone' ]
