"""Transactions on refresh data: renewal, adoption, release, sign-out."""
