#!/usr/bin/env bash
# "region: eu-west-1" is a setting to the AWS CLI and boto3, and nothing to the JavaScript SDK.
#
# botocore 1.44.8 reads the config with Python's configparser, which takes ":" for "=".
# @smithy/shared-ini-file-loader 4.7.2 (AWS SDK for JavaScript v3) drops such a line without a word.
# Seen: "botocore: eu-west-1 json" and "js: undefined json".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @smithy/shared-ini-file-loader@4.7.2
mkdir -p "$work/home/.aws"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
region: eu-west-1
output = json
CONFIG
cat >"$work/ask.mjs" <<'SCRIPT'
import loader from "@smithy/shared-ini-file-loader";
const { dev } = (await loader.loadSharedConfigFiles()).configFile;
console.log("js:", dev.region, dev.output);
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH")
seen=$("${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
dev = Session().full_config["profiles"]["dev"]
print("botocore:", dev["region"], dev["output"])'
"${clean[@]}" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'botocore: eu-west-1 json\njs: undefined json' ]
