"""The rules behind ``doctor``: facts in, findings out."""
