#!/usr/bin/env bash
# A refused connection costs a token that is still good; an error answer does not.
#
# botocore 1.44.8 tries to refresh an SSO token with less than 15 minutes left. If the server answers with
# an error, it goes on with the token it has. If the server cannot be reached, the call fails, although the
# token would work for another 14 minutes.
# Seen: "400: good" and "refused: EndpointConnectionError".
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
ends=$(date -u -d '+14 minutes' +%Y-%m-%dT%H:%M:%SZ)
later=$(date -u -d '+60 days' +%Y-%m-%dT%H:%M:%SZ)
cat >"$work/home/.aws/sso/cache/$(printf corp | sha1sum | cut -d' ' -f1).json" <<TOKEN
{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "good", "expiresAt": "$ends",
 "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "$later", "refreshToken": "r"}
TOKEN
seen=$(env -i HOME="$work/home" PATH="$PATH" "$work/venv/bin/python" - <<'PYTHON'
import json, os, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from botocore.session import Session
from botocore.tokens import SSOTokenProvider

class Refusing(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.dumps({"error": "invalid_grant", "error_description": "Invalid refresh token provided"})
        self.send_response(400)
        self.send_header("x-amzn-ErrorType", "InvalidGrantException")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Refusing)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AWS_ENDPOINT_URL_SSO_OIDC"] = f"http://127.0.0.1:{server.server_port}"

def ask():
    try:
        return SSOTokenProvider(Session(profile="dev")).load_token().get_frozen_token().token
    except Exception as error:
        return type(error).__name__

print("400:", ask())
server.shutdown()
server.server_close()
print("refused:", ask())
PYTHON
)
echo "$seen"
[ "$seen" = $'400: good\nrefused: EndpointConnectionError' ]
