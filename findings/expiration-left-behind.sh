#!/usr/bin/env bash
# A variable left behind by "export-credentials" ends keys that never expire.
#
# `eval "$(aws configure export-credentials --format env)"` sets AWS_CREDENTIAL_EXPIRATION beside the keys. Whoever
# sets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to other keys in that terminal later keeps that end. AWS CLI
# 2.38.5 and botocore 1.44.8 (and so boto3) hold the new keys to it and refuse them without asking AWS.
# @aws-sdk/credential-provider-node 3.972.99 (AWS SDK for JavaScript v3) uses them.
# Seen: the variable is among those exported; then "aws: refused", "botocore: RuntimeError", "js: LONGLIVED".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet botocore==1.44.8
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @aws-sdk/credential-provider-node@3.972.99
# AWS publishes the bundle of the CLI inside this package.
python3 -m pip download --quiet --no-deps --dest "$work" aws-cdk-asset-awscli-v2==2.0.198
(cd "$work" && python3 -m zipfile -e aws_cdk_asset_awscli_v2-*.whl wheel)
tar -xzf "$work"/wheel/aws_cdk/asset_awscli_v2/_jsii/*.jsii.tgz -C "$work" --strip-components=2 --wildcards "*/layer.zip"
(cd "$work" && python3 -m zipfile -e layer.zip layer)
aws=$(echo "$work"/layer/awscli/v2/*/dist/aws)
chmod +x "$aws"
mkdir -p "$work/home/.aws"
cat >"$work/home/helper" <<'PROGRAM'
#!/bin/sh
printf '{"Version": 1, "AccessKeyId": "SHORTLIVED", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "%s"}' \
  "$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)"
PROGRAM
chmod +x "$work/home/helper"
printf '[profile role]\ncredential_process = %s\n' "$work/home/helper" >"$work/home/.aws/config"
cat >"$work/ask.py" <<'SCRIPT'
from botocore.session import Session
try:
    print("botocore:", Session().get_credentials().get_frozen_credentials().access_key)
except RuntimeError as error:
    print("botocore:", type(error).__name__)
SCRIPT
cat >"$work/ask.mjs" <<'SCRIPT'
import { defaultProvider } from "@aws-sdk/credential-provider-node";
console.log("js:", (await defaultProvider()()).accessKeyId);
SCRIPT
clean=(env -i HOME="$work/home" PATH="$PATH" AWS_EC2_METADATA_DISABLED=true)
exported=$("${clean[@]}" "$aws" configure export-credentials --profile role --format env)
ends=$(sed -n 's/^export AWS_CREDENTIAL_EXPIRATION=//p' <<<"$exported")
until [[ $(date -u +%s) -gt $(date -u -d "$ends" +%s) ]]; do sleep 0.2; done
later=("${clean[@]}" "AWS_CREDENTIAL_EXPIRATION=$ends" AWS_ACCESS_KEY_ID=LONGLIVED AWS_SECRET_ACCESS_KEY=l)
seen=$(sed -n 's/^export \([A-Z_]*\)=.*/exported: \1/p' <<<"$exported"
if "${later[@]}" "$aws" configure export-credentials >"$work/out" 2>"$work/err"; then echo "aws: taken"; else echo "aws: refused"; fi
"${later[@]}" "$work/venv/bin/python" "$work/ask.py"
"${later[@]}" node "$work/ask.mjs")
cat "$work/err"
echo "$seen"
[ "$seen" = 'exported: AWS_ACCESS_KEY_ID
exported: AWS_SECRET_ACCESS_KEY
exported: AWS_SESSION_TOKEN
exported: AWS_CREDENTIAL_EXPIRATION
aws: refused
botocore: RuntimeError
js: LONGLIVED' ]
