#!/usr/bin/env bash
# polars signs as whoever stands first in ~/.aws/credentials, whatever AWS_PROFILE says, until boto3 is installed.
#
# polars 2.1.0 asks boto3 for credentials if it can import it. Otherwise it searches the credentials file for the
# first aws_access_key_id, in whatever section that is: neither AWS_PROFILE nor [default] matters. So
# "pip install boto3" or leaving it out of an image changes the user of a program that never imports it.
# Seen, with AWS_PROFILE=dev: "without boto3: PROD" and "with boto3: DEV".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet polars==2.1.0
mkdir -p "$work/home/.aws"
cat >"$work/home/.aws/credentials" <<'CREDENTIALS'
[prod]
aws_access_key_id = PROD
aws_secret_access_key = s

[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = s

[dev]
aws_access_key_id = DEV
aws_secret_access_key = s
CREDENTIALS
cat >"$work/ask.py" <<'SCRIPT'
import os, re, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import polars

class Store(BaseHTTPRequestHandler):
    def do_GET(self):
        signed.append(re.search("Credential=([^/]*)/", self.headers["Authorization"])[1])
        body = b"<ListBucketResult><Name>bucket</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

signed = []
server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AWS_ENDPOINT_URL"] = os.environ["AWS_METADATA_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
try:
    polars.scan_parquet("s3://bucket/*.parquet").collect()
except polars.exceptions.ComputeError as error:
    assert "empty" in str(error), error  # no object is there
print(sys.argv[1], signed[0])
SCRIPT
ask() {
  env -i HOME="$work/home" PATH="$PATH" AWS_PROFILE=dev AWS_REGION=eu-west-1 AWS_ALLOW_HTTP=true \
    "$work/venv/bin/python" "$work/ask.py" "$1"
}
without=$(ask "without boto3:")
"$work/venv/bin/pip" install --quiet boto3==1.44.8
with=$(ask "with boto3:")
printf '%s\n' "$without" "$with"
[ "$without, $with" = "without boto3: PROD, with boto3: DEV" ]
