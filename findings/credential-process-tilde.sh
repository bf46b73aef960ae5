#!/usr/bin/env bash
# credential_process = ~/bin/keys works in JavaScript, and is "no such file" to the AWS CLI and boto3.
#
# @aws-sdk/credential-provider-process 3.972.86 hands the line to a shell, which expands "~" and "$HOME".
# botocore 1.44.8 splits it and starts the first word as it stands. A line tried with one fails with the other.
# Seen: "botocore: FileNotFoundError" and "js: AKIAAAAAAAAAAAAAAAAA".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @aws-sdk/credential-provider-process@3.972.86
mkdir -p "$work/home/.aws" "$work/home/bin"
cat >"$work/home/bin/keys" <<'PROGRAM'
#!/bin/sh
echo '{"Version": 1, "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "a"}'
PROGRAM
chmod +x "$work/home/bin/keys"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
credential_process = ~/bin/keys
CONFIG
cat >"$work/ask.mjs" <<'SCRIPT'
import { fromProcess } from "@aws-sdk/credential-provider-process";
console.log("js:", (await fromProcess({ profile: "dev" })()).accessKeyId);
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH")
seen=$("${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
try:
    print("botocore:", Session(profile="dev").get_credentials().access_key)
except OSError as error:
    print("botocore:", type(error).__name__)'
"${clean[@]}" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'botocore: FileNotFoundError\njs: AKIAAAAAAAAAAAAAAAAA' ]
