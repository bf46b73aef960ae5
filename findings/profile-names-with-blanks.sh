#!/usr/bin/env bash
# A profile name with a blank exists for the AWS CLI and boto3, and not for the JavaScript SDK.
#
# botocore 1.44.8 reads [profile "my dev"] as the profile "my dev". @smithy/shared-ini-file-loader 4.7.2 (AWS
# SDK for JavaScript v3) drops it without a word, and there is no other spelling that it takes.
# Seen: botocore lists "my dev" and "plain", JavaScript "plain".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @smithy/shared-ini-file-loader@4.7.2
mkdir -p "$work/home/.aws"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile "my dev"]
region = eu-west-1

[profile plain]
region = eu-west-1
CONFIG
cat >"$work/ask.mjs" <<'SCRIPT'
import loader from "@smithy/shared-ini-file-loader";
console.log("js:", Object.keys((await loader.loadSharedConfigFiles()).configFile).sort().join(", "));
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH")
seen=$("${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
print("botocore:", ", ".join(sorted(Session().available_profiles)))'
"${clean[@]}" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'botocore: my dev, plain\njs: plain' ]
