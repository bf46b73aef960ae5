"""What errors of botocore and Python, whose class names explain nothing, mean to a user."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "MissingDependencyException": "it needs the AWS CRT; run: pip install 'sso-tray[aws-login]'",
    "LoginError": 'nobody is signed in to it by "aws login"',
    "LoginRefreshRequired": 'its sign-in has ended; run "aws login" for it',
    "LoginInsufficientPermissions": "AWS lets nobody renew it (signin:CreateOAuth2Token)",
    "NoRegionError": "no region is set; add region to the profile or set AWS_REGION",
    "InvalidRegionError": "the region isn't valid",
    "PartialCredentialsError": "its access key is incomplete",
    "InvalidConfigError": "its settings are incomplete or contradict each other",
    "InfiniteLoopConfigError": "its source_profile leads back to itself",
    "UnknownCredentialError": "its credential_source is unknown",
    "MetadataRetrievalError": "the metadata service of this machine or container doesn't answer",
    "RefreshWithMFAUnsupportedError": "it needs an MFA code, which only the AWS CLI asks for",
    "ProfileNotFound": "a profile it names doesn't exist",
    "FileNotFoundError": "a file or program it names doesn't exist",
    "PermissionError": "a file or program it names can't be opened",
    "KeyError": "a value it needs is missing",
    "AttributeError": "its credential_process doesn't print what AWS tools read",
    "TypeError": "its credential_process doesn't print what AWS tools read",
    "RuntimeError": "its source gives only expired credentials",
    "ValueError": "one of its values isn't valid",
    "OSError": "a file it names can't be read",
}
"""By class name: botocore's own texts may quote secrets, and some classes need the CRT."""


_SOURCES: Final = {
    "custom-process": "its credential_process failed; run that command in a terminal to see why",
    "container-role": "the container's credentials endpoint doesn't answer as it should",
    "assume-role": "its credential_source gives none here",
}
"""By botocore's name of a provider."""


def source_words(error: Exception) -> str:
    """Return why a source gave no credentials, from a ``CredentialRetrievalError``."""
    provider = str(getattr(error, "kwargs", {}).get("provider"))
    return _SOURCES.get(provider, "their source failed")


def words_for(error: Exception) -> str:
    """Return why something failed, as a clause; for an unknown error only its kind."""
    kinds = (_WORDS.get(kind.__name__) for kind in type(error).__mro__)
    return next((words for words in kinds if words), f"unexpected {type(error).__name__}")
