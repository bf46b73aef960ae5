#!/usr/bin/env bash
# "aws sso logout" deletes files of other tools.
#
# AWS CLI 2.38.5 deletes every file in ~/.aws/sso/cache that is JSON with an accessToken: whatever its name,
# whoever wrote it, whether or not the config knows the session. One without a region is deleted without a
# call, so AWS never hears of that sign-out.
# Seen: both token files gone, the registration still there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# AWS publishes the bundle of the CLI inside this package.
python3 -m pip download --quiet --no-deps --dest "$work" aws-cdk-asset-awscli-v2==2.0.198
(cd "$work" && python3 -m zipfile -e aws_cdk_asset_awscli_v2-*.whl wheel)
tar -xzf "$work"/wheel/aws_cdk/asset_awscli_v2/_jsii/*.jsii.tgz -C "$work" --strip-components=2 --wildcards "*/layer.zip"
(cd "$work" && python3 -m zipfile -e layer.zip layer)
aws=$(echo "$work"/layer/awscli/v2/*/dist/aws)
chmod +x "$aws"
cache=$work/home/.aws/sso/cache
mkdir -p "$cache"
echo '{"accessToken": "t", "expiresAt": "2030-01-01T00:00:00Z"}' >"$cache/editor-token.json"
echo '{"accessToken": "t", "note": "of another tool"}' >"$cache/no-suffix"
echo '{"clientId": "c", "clientSecret": "s", "expiresAt": "2030-01-01T00:00:00Z"}' >"$cache/registration.json"
"$aws" --version
env -i HOME="$work/home" PATH="$PATH" "$aws" sso logout
seen=$(ls "$cache")
echo "left: $seen"
[ "$seen" = registration.json ]
