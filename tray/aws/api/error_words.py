"""What errors of botocore and Python, whose class names explain nothing, mean to a user."""

from __future__ import annotations

from typing import Final

from tray.core.text.display_names import clean

_LOOK: Final = "run that command in a terminal to see what it prints"
_PRINTS: Final = f"its credential_process doesn't print what AWS tools read; {_LOOK}"
_WORDS: Final = {
    "MissingDependencyException": "it needs the AWS CRT; run: pip install 'sso-tray[aws-login]'",
    "LoginError": 'nobody is signed in to it by "aws login"',
    "LoginRefreshRequired": 'its sign-in has ended; run "aws login" for it',
    "LoginInsufficientPermissions": "AWS lets nobody renew it (signin:CreateOAuth2Token)",
    "NoRegionError": "it has no region; add region to the profile",
    "InvalidRegionError": "the region isn't valid",
    "PartialCredentialsError": "its access key is incomplete",
    "InvalidConfigError": "its settings are incomplete or contradict each other",
    "InfiniteLoopConfigError": "its source_profile leads back to itself",
    "UnknownCredentialError": "its credential_source is unknown",
    "MetadataRetrievalError": "the metadata service of this machine or container doesn't answer",
    "RefreshWithMFAUnsupportedError": "it needs another MFA code",
    "ProfileNotFound": "a profile it names doesn't exist",
    "FileNotFoundError": "a file or program it names doesn't exist",
    "PermissionError": "a file or program it names can't be opened",
    "KeyError": "a value it needs is missing",
    "AttributeError": _PRINTS,
    "TypeError": _PRINTS,
    "RuntimeError": "its source gives only expired credentials",
    "JSONDecodeError": f"its credential_process doesn't print JSON; {_LOOK}",
    "UnicodeDecodeError": f"its credential_process doesn't print UTF-8; {_LOOK}",
    "ParserError": f"the Expiration that its credential_process prints isn't a date; {_LOOK}",
    "ValueError": "a value in it isn't valid, such as an unclosed quote in credential_process",
    "OSError": "a file it names can't be read",
}
"""By class name: botocore's own texts may quote secrets, and some classes need the CRT."""


_SOURCES: Final = {
    "custom-process": "its credential_process failed; run that command in a terminal to see why",
    "container-role": "the container's credentials endpoint doesn't answer as it should",
    "environment": (
        "its credential_source is Environment, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
        "aren't set where it is used; set both there, or name a source_profile instead"
    ),
    "ecscontainer": (
        "its credential_source is EcsContainer, but this is no container with a role; "
        "name a source_profile instead"
    ),
    "ec2instancemetadata": (
        "its credential_source is Ec2InstanceMetadata, but this is no EC2 instance with a role; "
        "name a source_profile instead"
    ),
}
"""By botocore's name of a provider, in lower case; a ``credential_source`` is one, too."""


def source_words(error: Exception) -> str:
    """Return why a source gave no credentials, from a ``CredentialRetrievalError``."""
    details = getattr(error, "kwargs", {})
    if str(details.get("error_msg")).startswith(("Unsupported version", "Missing required key")):
        return _PRINTS
    provider = str(details.get("provider"))
    return _SOURCES.get(provider.casefold(), f"their source ({clean(provider)}) failed")


def words_for(error: Exception) -> str:
    """Return why something failed, as a clause; for an unknown error only its kind."""
    kinds = (_WORDS.get(kind.__name__) for kind in type(error).__mro__)
    return next((words for words in kinds if words), f"unexpected {type(error).__name__}")
