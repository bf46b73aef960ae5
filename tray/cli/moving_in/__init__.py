"""`import`: read what other tools have configured, and write it for the AWS CLI and SDKs."""
