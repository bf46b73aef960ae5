from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.aws import config_referee
from tests.aws.config_referee import check_same_catalog, check_same_verdict


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config_referee.files())
@example(b"[a]\n[x = 1\n[x = 2]\n")
@example(b"[a]\nregion = 1\n[b]\nregion\n")
@example(b"[a]\ns3 =\n\n  # c\n\n  a = b\n\n[b]\n")
@example(b"[DEFAULT]\ns3 =\n  bad\n")
@example(b"[DEFAULT]\ns3 =\n  bad\n[a]\n")
@example(b"[DEFAULT]\ns3 =\n  bad\n[a]\ns3 = good\n")
def test_every_file_gets_botocores_verdict_and_values(data: bytes) -> None:
    """Any bytes are taken or refused as botocore does, at configparser's line, value by value."""
    check_same_verdict(data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.none() | config_referee.lines(), st.none() | config_referee.lines())
@example(None, None)
@example(b"[profile dev]\na = 1\nb = 2\n", b"[dev]\nb = 3\n[profile dev]\nc = 4\n")
@example(config_referee.REALISTIC, b"[dev]\nsso_role_name = Other\n[new]\n")
def test_two_files_merge_as_botocore_merges_them(
    config: bytes | None, credentials: bytes | None
) -> None:
    """Profiles, their order and their keys equal botocore's full_config of both files."""
    check_same_catalog(config, credentials)
