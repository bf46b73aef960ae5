#!/usr/bin/env bash
# Credentials with 14 minutes left are fetched anew for every single request.
#
# botocore 1.44.8 (and so boto3) starts to renew 15 minutes before the end, at each request until a renewal
# brings more. A credential_process that answers with what it has, as for a role of 15 minutes, the
# shortest that STS gives, is started for each call. credential-provider-node 3.972.99 (AWS SDK for
# JavaScript v3) renews in the last five minutes.
# Seen, for five calls: one start with 16 minutes left; with 14, more than five by botocore and one by JavaScript.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @aws-sdk/credential-provider-node@3.972.99
mkdir -p "$work/home/.aws"
cat >"$work/home/helper" <<'PROGRAM'
#!/bin/sh
echo started >>"$HOME/starts"
printf '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "%s"}' \
  "$(date -u -d "+$MINUTES minutes" +%Y-%m-%dT%H:%M:%SZ)"
PROGRAM
chmod +x "$work/home/helper"
printf '[profile dev]\ncredential_process = %s\n' "$work/home/helper" >"$work/home/.aws/config"
cat >"$work/ask.py" <<'SCRIPT'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from botocore.session import Session

class Sts(BaseHTTPRequestHandler):
    def do_POST(self):
        body = b"<R><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></R>"
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Sts)
threading.Thread(target=server.serve_forever, daemon=True).start()
sts = Session(profile="dev").create_client("sts", "eu-west-1", endpoint_url=f"http://127.0.0.1:{server.server_port}")
for _ in range(5):
    sts.get_caller_identity()
SCRIPT
cat >"$work/ask.mjs" <<'SCRIPT'
import { defaultProvider } from "@aws-sdk/credential-provider-node";
const provider = defaultProvider({ profile: "dev" });
for (let call = 0; call < 5; call++) await provider();
SCRIPT
starts() { # MINUTES COMMAND..: how often the helper is started
  rm -f "$work/home/starts"
  env -i HOME="$work/home" PATH="$PATH" MINUTES="$1" "${@:2}"
  wc -l <"$work/home/starts"
}
long=$(starts 16 "$work/venv/bin/python" "$work/ask.py")
short=$(starts 14 "$work/venv/bin/python" "$work/ask.py")
js=$(starts 14 node "$work/ask.mjs")
echo "botocore: 16 minutes: $long, 14 minutes: $short; js: 14 minutes: $js"
[ "$long" = 1 ] && [ "$short" -ge 5 ] && [ "$js" = 1 ]
