#!/usr/bin/env bash
# A token file of another portal is used without a question.
#
# botocore 1.44.8 finds the token of an sso-session by the SHA-1 of its name and never compares the file's
# startUrl or region with the config. After an edit of sso_start_url the old portal's token is still what
# every client gets, until it expires.
# Seen: the token of https://old.awsapps.com/start for a session of https://new.awsapps.com/start.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
mkdir -p "$work/home/.aws/sso/cache"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
sso_session = corp

[sso-session corp]
sso_start_url = https://new.awsapps.com/start
sso_region = eu-west-1
CONFIG
ends=$(date -u -d '+30 minutes' +%Y-%m-%dT%H:%M:%SZ)
cat >"$work/home/.aws/sso/cache/$(printf corp | sha1sum | cut -d' ' -f1).json" <<TOKEN
{"startUrl": "https://old.awsapps.com/start", "region": "us-east-1", "accessToken": "old", "expiresAt": "$ends"}
TOKEN
seen=$(env -i HOME="$work/home" PATH="$PATH" "$work/venv/bin/python" - <<'PYTHON'
from botocore.session import Session
from botocore.tokens import SSOTokenProvider
print(SSOTokenProvider(Session(profile="dev")).load_token().get_frozen_token().token)
PYTHON
)
echo "token: $seen"
[ "$seen" = old ]
