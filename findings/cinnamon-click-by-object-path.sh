#!/usr/bin/env bash
# What a left click on a tray icon does in Cinnamon depends on the name of its D-Bus object.
#
# The StatusNotifierItem specification has the property ItemIsMenu: false, and a click calls Activate. The watcher of
# Cinnamon, xapp-sn-watcher 2.4.2, looks at the object's path instead: an item under /org/ayatana/NotificationItem/,
# where libappindicator puts its own, opens its menu and hears of no Activate. The path is free otherwise.
# Seen, of one item at two paths: "/StatusNotifierItem: Activate", "/org/ayatana/NotificationItem/probe: its menu".
# Needs xapp-sn-watcher, Xvfb and dbus-run-session (apt: xapp-sn-watcher, xvfb, dbus).
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
cat >"$work/item.py" <<'SCRIPT'
import subprocess, sys, time
from jeepney import (
    DBusAddress, HeaderFields, MessageFlag, MessageType, message_bus, new_error, new_method_call, new_method_return)
from jeepney.io.blocking import Proxy, open_dbus_connection

path = sys.argv[1]
PROPERTIES = {
    "org.kde.StatusNotifierItem": {
        "Category": ("s", "ApplicationStatus"), "Id": ("s", "probe"), "Title": ("s", "probe"), "Status": ("s", "Active"),
        "IconName": ("s", "mail-unread"), "ItemIsMenu": ("b", False), "Menu": ("o", "/menu")},
    "com.canonical.dbusmenu": {"Version": ("u", 3), "Status": ("s", "normal"), "TextDirection": ("s", "ltr")},
}
QUIT = {"label": ("s", "Quit")}
LAYOUT = (0, {"children-display": ("s", "submenu")}, [("(ia{sv}av)", (1, QUIT, []))])
ANSWERS = {
    "GetLayout": ("u(ia{sv}av)", (1, LAYOUT)), "GetGroupProperties": ("a(ia{sv})", ([(1, QUIT)],)),
    "AboutToShow": ("b", (False,)), "AboutToShowGroup": ("aiai", ([], []))}

panel, item = open_dbus_connection(), open_dbus_connection()
assert Proxy(message_bus, panel).RequestName("org.x.StatusIconMonitor.probe") == (1,)
watcher = subprocess.Popen(["/usr/libexec/xapps/sn-watcher/xapp-sn-watcher"])

def owned(name):
    while not Proxy(message_bus, panel).NameHasOwner(name)[0]:
        time.sleep(0.1)

def heard(*members):
    """Answer as an item does until one of these is called."""
    while True:
        call = item.receive(timeout=30)
        if call.header.message_type != MessageType.method_call:
            continue
        member = call.header.fields[HeaderFields.member]
        if member == "GetAll":
            answer = new_method_return(call, "a{sv}", (PROPERTIES[call.body[0]],))
        elif member == "Get" and call.body[1] in PROPERTIES[call.body[0]]:
            answer = new_method_return(call, "v", (PROPERTIES[call.body[0]][call.body[1]],))
        elif member == "Get":
            answer = new_error(call, "org.freedesktop.DBus.Error.UnknownProperty")
        else:
            answer = new_method_return(call, *ANSWERS.get(member, ()))
        if not call.header.flags & MessageFlag.no_reply_expected:
            item.send(answer)
        if member in members:
            return member

owned("org.kde.StatusNotifierWatcher")
watching = DBusAddress("/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher", "org.kde.StatusNotifierWatcher")
item.send(new_method_call(watching, "RegisterStatusNotifierItem", "s", (path,)))
heard("GetGroupProperties")  # the last thing that is asked about an item
owned("org.x.StatusIcon.xapp_sn_watcher")
icon = DBusAddress("/org/x/StatusIcon/Icon", "org.x.StatusIcon.xapp_sn_watcher", "org.x.StatusIcon")
LEFT, TOP = 1, 2
for event in ("ButtonPress", "ButtonRelease"):  # as the panel says it
    panel.send(new_method_call(icon, event, "iiuui", (10, 10, LEFT, 0, TOP)))
happens = heard("Activate", "AboutToShow", "AboutToShowGroup")
print(f"{path}: {'Activate' if happens == 'Activate' else 'its menu'}")
watcher.terminate()
watcher.wait()
SCRIPT
dpkg-query --show xapp-sn-watcher
ask() {
  env -i HOME="$work/home" PATH="$PATH" XDG_RUNTIME_DIR="$work/run" XDG_CURRENT_DESKTOP=X-Cinnamon \
    GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 timeout 60 \
    xvfb-run --auto-servernum dbus-run-session --config-file="$work/bus.conf" -- \
    "$work/venv/bin/python" "$work/item.py" "$1" 2>/dev/null
}
seen=$(ask /StatusNotifierItem; ask /org/ayatana/NotificationItem/probe)
echo "$seen"
[ "$seen" = $'/StatusNotifierItem: Activate\n/org/ayatana/NotificationItem/probe: its menu' ]
