"""Placeholder."""


def clean(text: str, limit: int = 64) -> str:
    """Clean."""
    return text[:limit]
