#!/usr/bin/env bash
# After a sign-in as somebody else, the AWS CLI goes on as the first person for up to an hour, boto3 doesn't.
#
# AWS CLI 2.38.5 keeps role credentials in ~/.aws/cli/cache by account, role and session name, not by who
# signed in. "aws sso login" replaces the token and leaves them, so that they are used until they end. (Only
# "aws sso logout" deletes them.) botocore 1.44.8 (and so boto3) has no such files.
# Seen: Ann signs in: "aws: Ann, botocore: Ann"; then Bob: "aws: Ann, botocore: Bob".
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
# AWS publishes the bundle of the CLI inside this package.
python3 -m pip download --quiet --no-deps --dest "$work" aws-cdk-asset-awscli-v2==2.0.198
(cd "$work" && python3 -m zipfile -e aws_cdk_asset_awscli_v2-*.whl wheel)
tar -xzf "$work"/wheel/aws_cdk/asset_awscli_v2/_jsii/*.jsii.tgz -C "$work" --strip-components=2 --wildcards "*/layer.zip"
(cd "$work" && python3 -m zipfile -e layer.zip layer)
aws=$(echo "$work"/layer/awscli/v2/*/dist/aws)
chmod +x "$aws"
mkdir -p "$work/home/.aws"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
CONFIG
cat >"$work/center.py" <<'PYTHON'
# An Identity Center where Ann approves the first sign-in and Bob the second.
import json, time
from http.server import BaseHTTPRequestHandler, HTTPServer

people = iter(["Ann", "Bob"])

class Center(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({
            "/client/register": lambda: {
                "clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": int(time.time()) + 86400},
            "/device_authorization": lambda: {
                "deviceCode": "d", "userCode": "AAAA-AAAA", "verificationUri": "https://corp.awsapps.com/start/#/device",
                "verificationUriComplete": "https://corp.awsapps.com/start/#/device", "expiresIn": 600, "interval": 1},
            "/token": lambda: {"accessToken": next(people), "expiresIn": 3600, "tokenType": "Bearer"},
        }[self.path]())
    def do_GET(self):
        ends = int(time.time() + 3600) * 1000
        whose = self.headers["x-amz-sso_bearer_token"]
        self.answer({"roleCredentials": {
            "accessKeyId": whose, "secretAccessKey": "s", "sessionToken": "t", "expiration": ends}})
    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

served = HTTPServer(("127.0.0.1", 0), Center)
print(served.server_port, flush=True)
served.serve_forever()
PYTHON
mkfifo "$work/port"
python3 "$work/center.py" >"$work/port" &
server=$!
read -r port <"$work/port"
clean=(env -i HOME="$work/home" PATH="$PATH"
  AWS_ENDPOINT_URL_SSO="http://127.0.0.1:$port" AWS_ENDPOINT_URL_SSO_OIDC="http://127.0.0.1:$port")
who() {
  "${clean[@]}" "$aws" sso login --profile dev --use-device-code --no-browser >/dev/null
  echo "aws: $("${clean[@]}" "$aws" configure export-credentials --profile dev | sed -n 's/.*"AccessKeyId": "\(.*\)".*/\1/p')"
  "${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
print("botocore:", Session(profile="dev").get_credentials().access_key)'
}
seen=$(echo "Ann signs in"; who; echo "Bob signs in"; who)
echo "$seen"
[ "$seen" = 'Ann signs in
aws: Ann
botocore: Ann
Bob signs in
aws: Ann
botocore: Bob' ]
