#!/usr/bin/env bash
# One profile with access keys and SSO keys is two different users.
#
# botocore 1.44.8 takes the SSO role, @aws-sdk/credential-provider-ini 3.973.32 (AWS SDK for JavaScript v3)
# the access keys of the same profile.
# Seen: "botocore: ASIASSO" and "js: AKIASTATIC".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @aws-sdk/credential-provider-ini@3.973.32
mkdir -p "$work/home/.aws/sso/cache"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
aws_access_key_id = AKIASTATIC
aws_secret_access_key = s
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ReadOnly

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
CONFIG
ends=$(date -u -d '+60 minutes' +%Y-%m-%dT%H:%M:%SZ)
cat >"$work/home/.aws/sso/cache/$(printf corp | sha1sum | cut -d' ' -f1).json" <<TOKEN
{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "t", "expiresAt": "$ends"}
TOKEN
cat >"$work/ask.py" <<'SCRIPT'
import json, os, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from botocore.session import Session

class Portal(BaseHTTPRequestHandler):
    def do_GET(self):
        role = {"accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1999999999000}
        body = json.dumps({"roleCredentials": role}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Portal)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AWS_ENDPOINT_URL_SSO"] = f"http://127.0.0.1:{server.server_port}"
print("botocore:", Session(profile="dev").get_credentials().access_key)
SCRIPT
cat >"$work/ask.mjs" <<'SCRIPT'
import { fromIni } from "@aws-sdk/credential-provider-ini";
console.log("js:", (await fromIni({ profile: "dev" })()).accessKeyId);
SCRIPT
seen=$(env -i HOME="$work/home" PATH="$PATH" "$work/venv/bin/python" "$work/ask.py"
env -i HOME="$work/home" PATH="$PATH" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'botocore: ASIASSO\njs: AKIASTATIC' ]
