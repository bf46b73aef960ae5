#!/usr/bin/env bash
# With both variables set, the AWS CLI and boto3 are two different users in one terminal.
#
# AWS CLI 2.38.5 prefers AWS_PROFILE; botocore 1.44.8 (and so boto3) prefers AWS_DEFAULT_PROFILE.
# Seen: "aws: AKIAAAAAAAAAAAAAAAAA" and "botocore: AKIABBBBBBBBBBBBBBBB".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
[profile a]
aws_access_key_id = AKIAAAAAAAAAAAAAAAAA
aws_secret_access_key = a

[profile b]
aws_access_key_id = AKIABBBBBBBBBBBBBBBB
aws_secret_access_key = b
CONFIG
clean=(env -i HOME="$work/home" PATH="$PATH" AWS_PROFILE=a AWS_DEFAULT_PROFILE=b)
"$aws" --version
seen=$("${clean[@]}" "$aws" configure export-credentials --format process | grep -o 'AKIA[AB]*' | sed 's/^/aws: /'
"${clean[@]}" "$work/venv/bin/python" -c '
from botocore.session import Session
print("botocore:", Session().get_credentials().access_key)')
echo "$seen"
[ "$seen" = $'aws: AKIAAAAAAAAAAAAAAAAA\nbotocore: AKIABBBBBBBBBBBBBBBB' ]
