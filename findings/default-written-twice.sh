#!/usr/bin/env bash
# With [profile default] and [default] in one config, Python and JavaScript are two different users.
#
# botocore 1.44.8 (AWS CLI, boto3) takes the section that stands later. @smithy/shared-ini-file-loader 4.7.2 (AWS
# SDK for JavaScript v3) takes [profile default] wherever it stands. Neither says that there are two.
# Seen, with [default] later: "botocore: AKIABBBBBBBBBBBBBBBB" and "js: AKIAAAAAAAAAAAAAAAAA".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @smithy/shared-ini-file-loader@4.7.2
mkdir -p "$work/home/.aws"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile default]
aws_access_key_id = AKIAAAAAAAAAAAAAAAAA
aws_secret_access_key = a

[default]
aws_access_key_id = AKIABBBBBBBBBBBBBBBB
aws_secret_access_key = b
CONFIG
cat >"$work/ask.mjs" <<'SCRIPT'
import loader from "@smithy/shared-ini-file-loader";
console.log("js:", (await loader.loadSharedConfigFiles()).configFile.default.aws_access_key_id);
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH")
seen=$("${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
print("botocore:", Session().get_credentials().access_key)'
"${clean[@]}" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'botocore: AKIABBBBBBBBBBBBBBBB\njs: AKIAAAAAAAAAAAAAAAAA' ]
