#!/usr/bin/env bash
# A section that was "switched off" by renaming its first word still replaces the profile.
#
# botocore 1.44.8 takes every section whose first word merely begins with "profile" for a profile, so
# [profile-off dev] is profile "dev", and the later of two sections wins whole. The same goes for words that
# begin with "sso-session". A reader of the documentation expects [profile NAME] only.
# Seen: {'region': 'us-east-1'} for dev, and the start URL of [sso-session-old corp] for corp.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
cat >"$work/config" <<'CONFIG'
[profile dev]
region = eu-west-1

[profile-off dev]
region = us-east-1

[sso-session corp]
sso_start_url = https://new.awsapps.com/start

[sso-session-old corp]
sso_start_url = https://old.awsapps.com/start
CONFIG
seen=$("$work/venv/bin/python" - "$work/config" <<'PYTHON'
import sys
from botocore.configloader import load_config
config = load_config(sys.argv[1])
print(config["profiles"]["dev"], config["sso_sessions"]["corp"])
PYTHON
)
echo "$seen"
[ "$seen" = "{'region': 'us-east-1'} {'sso_start_url': 'https://old.awsapps.com/start'}" ]
