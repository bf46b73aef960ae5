"""A hundred thousand mutated configs, with botocore as the referee."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.aws import config_referee
from tests.aws.config_referee import check_same_verdict
from tests.soak.seeds import OFFSET

EACH = 12_500
PARTS = 8


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
def test_same_verdict(part: int) -> None:
    """S4: whatever lies in the file, botocore and we take or refuse it alike and read the same."""
    seen = 0

    @seed(part + PARTS * OFFSET)
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(config_referee.files())
    def check(data: bytes) -> None:
        nonlocal seen
        seen += 1
        check_same_verdict(data)

    check()

    assert seen >= EACH
