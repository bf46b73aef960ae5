#!/usr/bin/env bash
# A token that is good for four more minutes is refused if it cannot be renewed.
#
# @aws-sdk/token-providers 3.1177.0 (what every SSO profile goes through in the AWS SDK for JavaScript v3)
# wants clientId, clientSecret and refreshToken of a token with less than five minutes left, and fails
# without. botocore, Go and Rust use such a token to its end.
# Seen: "10 minutes: token" and "4 minutes: TokenProviderError".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error @aws-sdk/token-providers@3.1177.0
mkdir -p "$work/home/.aws/sso/cache"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
sso_session = corp

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
CONFIG
cat >"$work/ask.mjs" <<'SCRIPT'
import { fromSso } from "@aws-sdk/token-providers";
import { writeFileSync } from "node:fs";
const file = process.env.HOME + "/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"; // SHA-1 of "corp"
for (const minutes of [10, 4]) {
  const expiresAt = new Date(Date.now() + minutes * 60000).toISOString();
  writeFileSync(file, JSON.stringify({
    startUrl: "https://corp.awsapps.com/start", region: "eu-west-1", accessToken: "token", expiresAt }));
  try {
    console.log(minutes + " minutes:", (await fromSso({ profile: "dev" })()).token);
  } catch (error) {
    console.log(minutes + " minutes:", error.name);
  }
}
SCRIPT
seen=$(env -i HOME="$work/home" PATH="$PATH" node "$work/ask.mjs")
echo "$seen"
[ "$seen" = $'10 minutes: token\n4 minutes: TokenProviderError' ]
