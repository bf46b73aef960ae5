#!/usr/bin/env bash
# A program that runs over a sign-out stays signed out, whatever is signed in to afterwards.
#
# The AWS SDK for Java 2.57.8 keeps the access token that it has read until five minutes before the
# end that the file named. That AWS refuses it (401) changes nothing: the token file, which holds a new token
# since, is not read again. botocore reads the file at every fetch of role credentials.
# Seen: at its second question Java shows the portal the first token again, boto3 the second.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
python3 -m venv "$work/python"
"$work/python/bin/pip" --disable-pip-version-check --quiet install boto3==1.44.8 botocore==1.44.8
mkdir -p "$work/home/.aws/sso/cache" "$work/java"
cat >"$work/home/.aws/config" <<'CONFIG'
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Reader
region = eu-west-1

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
CONFIG
cat >"$work/java/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>probe</groupId><artifactId>probe</artifactId><version>0</version>
  <dependencies>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>sso</artifactId><version>2.57.8</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>ssooidc</artifactId><version>2.57.8</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
cat >"$work/java/Probe.java" <<'JAVA'
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

public class Probe {
  public static void main(String[] arguments) throws Exception {
    ProfileCredentialsProvider provider = ProfileCredentialsProvider.create("dev");
    while (System.in.read() != -1) {
      try {
        System.out.println(provider.resolveCredentials().accessKeyId());
      } catch (RuntimeException refused) {
        System.out.println("refused");
      }
    }
  }
}
JAVA
cat >"$work/probe.py" <<'PYTHON'
import sys
import boto3
session = boto3.Session(profile_name="dev")
while sys.stdin.read(1):
    try:
        print(session.get_credentials().get_frozen_credentials().access_key, flush=True)
    except Exception:
        print("refused", flush=True)
PYTHON
cat >"$work/portal.py" <<'PYTHON'
import http.server, json, sys, time

class Portal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers["x-amz-sso_bearer_token"] == open(sys.argv[1]).read().strip()
        given = {"accessKeyId": "AKIAX", "secretAccessKey": "s", "sessionToken": "t", "expiration": int(time.time() + 50) * 1000}
        body = json.dumps({"roleCredentials": given} if good else {"message": "Session token not found or invalid"})
        self.send_response(200 if good else 401)
        with open(sys.argv[2], "a") as log:
            log.write(self.headers["x-amz-sso_bearer_token"] + (" is taken\n" if good else " is refused\n"))
        self.send_header("Content-Length", str(len(body)))
        if not good:
            self.send_header("x-amzn-ErrorType", "UnauthorizedException")
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *_):
        pass

served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
print(served.server_port, flush=True)
served.serve_forever()
PYTHON
(cd "$work/java" && mvn -q -B -Dmaven.repo.local="$work/m2" dependency:copy-dependencies >/dev/null)
mkfifo "$work/port"
python3 "$work/portal.py" "$work/good" "$work/log" >"$work/port" &
server=$!
read -r port <"$work/port"
sign_in() { # writes the token file, and the portal takes this token alone
  printf '%s\n' "$1" >"$work/good"
  printf '{"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "%s", "expiresAt": "%s"}' \
    "$1" "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)" >"$work/home/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
}
ask() { # twice, with another sign-in in between
  mkfifo "$work/$1.in" "$work/$1.out"
  env -i HOME="$work/home" PATH="$PATH" AWS_ENDPOINT_URL_SSO="http://127.0.0.1:$port" AWS_EC2_METADATA_DISABLED=true \
    "${@:2}" <"$work/$1.in" >"$work/$1.out" &
  exec 8>"$work/$1.in" 9<"$work/$1.out"
  for token in first second; do
    sign_in "$token-of-$1"
    printf x >&8
    read -r _ <&9
  done
  exec 8>&- 9<&-
}
ask boto3 "$work/python/bin/python" "$work/probe.py"
ask java java -cp "$work/java/target/dependency/*" "$work/java/Probe.java"
seen=$(<"$work/log")
echo "$seen"
[ "$seen" = 'first-of-boto3 is taken
second-of-boto3 is taken
first-of-java is taken
first-of-java is refused' ]
