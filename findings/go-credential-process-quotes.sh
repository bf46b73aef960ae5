#!/usr/bin/env bash
# Of four ways to quote a path with a blank in credential_process, one works in both Go SDKs.
#
# AWS's documentation puts such a path in double quotes. aws-sdk-go 1.55.8, which many tools still carry,
# takes double quotes away before the line reaches the shell. aws-sdk-go-v2 (config 1.33.18) takes quotes of
# both kinds away if they enclose the whole value, that is, if the helper has no arguments.
# Seen: single quotes with an argument behind them work in both; each other way fails in at least one.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$work/home/.aws" "$work/a b" "$work/probe"
cat >"$work/a b/helper" <<'SCRIPT'
#!/bin/sh
echo '{"Version": 1, "AccessKeyId": "AKIAX", "SecretAccessKey": "s"}'
SCRIPT
chmod +x "$work/a b/helper"
cat >"$work/home/.aws/config" <<CONFIG
[profile double]
credential_process = "$work/a b/helper"

[profile single]
credential_process = '$work/a b/helper'

[profile double-argument]
credential_process = "$work/a b/helper" x

[profile single-argument]
credential_process = '$work/a b/helper' x
CONFIG
cd "$work/probe"
cat >go.mod <<'MODULE'
module probe

go 1.24

require (
	github.com/aws/aws-sdk-go v1.55.8
	github.com/aws/aws-sdk-go-v2/config v1.33.18
)
MODULE
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	for _, profile := range []string{"double", "single", "double-argument", "single-argument"} {
		one := "error"
		s, err := session.NewSessionWithOptions(session.Options{Profile: profile, SharedConfigState: session.SharedConfigEnable})
		if err == nil {
			if v, err := s.Config.Credentials.Get(); err == nil {
				one = v.AccessKeyID
			}
		}
		two := "error"
		c, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(profile))
		if err == nil {
			if v, err := c.Credentials.Retrieve(context.Background()); err == nil {
				two = v.AccessKeyID
			}
		}
		fmt.Println(profile+":", "v1", one+",", "v2", two)
	}
}
GO
export GOPATH="$work/go" GOCACHE="$work/cache" GOTOOLCHAIN=local
go mod tidy >/dev/null 2>&1
go build -o probe .
seen=$(env -i HOME="$work/home" PATH="$PATH" AWS_EC2_METADATA_DISABLED=true ./probe 2>/dev/null)
echo "$seen"
[ "$seen" = 'double: v1 error, v2 error
single: v1 AKIAX, v2 error
double-argument: v1 error, v2 AKIAX
single-argument: v1 AKIAX, v2 AKIAX' ]
