#!/usr/bin/env bash
# A renewal whose answer has no refresh token removes the old one from the file.
#
# RFC 6749 section 6: the server may issue a new refresh token; if it does not, the old one stays in use.
# botocore 1.44.8 writes the token file anew from the answer, without the old refreshToken and without
# members it does not know: the session cannot be renewed again.
# Seen: before "refreshToken note", after neither.
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
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
CONFIG
ends=$(date -u -d '+5 minutes' +%Y-%m-%dT%H:%M:%SZ)
later=$(date -u -d '+60 days' +%Y-%m-%dT%H:%M:%SZ)
file=$work/home/.aws/sso/cache/$(printf corp | sha1sum | cut -d' ' -f1).json
cat >"$file" <<TOKEN
{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "old", "expiresAt": "$ends",
 "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "$later", "refreshToken": "r", "note": "n"}
TOKEN
seen=$(env -i HOME="$work/home" PATH="$PATH" "$work/venv/bin/python" - "$file" <<'PYTHON'
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from botocore.session import Session
from botocore.tokens import SSOTokenProvider

class Token(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.dumps({"accessToken": "new", "expiresIn": 3600, "tokenType": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Token)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AWS_ENDPOINT_URL_SSO_OIDC"] = f"http://127.0.0.1:{server.server_port}"

def members():
    with open(sys.argv[1]) as file:
        there = json.load(file)
    return [name for name in ("refreshToken", "note") if name in there]

print("before:", *members())
print("token:", SSOTokenProvider(Session(profile="dev")).load_token().get_frozen_token().token)
print("after:", *members())
PYTHON
)
echo "$seen"
[ "$seen" = $'before: refreshToken note\ntoken: new\nafter:' ]
