"""
Lets an AWS CLI ask STS who we are, once for each line of standard input, each a new process.

    python aws_cli.py /usr/bin/aws PROFILE
"""

import json
import subprocess
import sys

aws, profile = sys.argv[1:]
named = ["--profile", profile] if profile else []
for _ in sys.stdin:
    done = subprocess.run(
        [aws, "sts", "get-caller-identity", *named],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = {"error": str(done.returncode), "message": done.stderr.strip()}
    if done.returncode == 0:
        told = {"account": json.loads(done.stdout)["Account"]}
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
