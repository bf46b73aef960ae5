from __future__ import annotations

import re

import botocore.session
import pytest

from tray.core.profiles.console_page import console_page, page_flaw


@pytest.mark.parametrize(
    ("service", "region", "page"),
    [
        (None, "eu-west-1", "https://eu-west-1.console.aws.amazon.com/home?region=eu-west-1"),
        ("s3", None, "https://console.aws.amazon.com/s3/home"),
        ("EC2", "us-east-2", "https://us-east-2.console.aws.amazon.com/ec2/home?region=us-east-2"),
        ("ddb", "cn-north-1", "https://console.amazonaws.cn/dynamodbv2/home?region=cn-north-1"),
        (
            "lambda",
            "us-gov-west-1",
            "https://console.amazonaws-us-gov.com/lambda/home?region=us-gov-west-1",
        ),
        (
            "s3",
            "eusc-de-east-1",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/s3/home?region=eusc-de-east-1",
        ),
        (
            "logs",
            "ap-south-1",
            "https://ap-south-1.console.aws.amazon.com/cloudwatch/home?region=ap-south-1#logsV2:",
        ),
    ],
)
def test_a_service_has_its_page_in_each_partition(
    service: str | None, region: str | None, page: str
) -> None:
    """By botocore's name or the usual short one, at the partition's own console."""
    assert page == console_page(service, region)
    assert page_flaw(service, region) is None


@pytest.mark.parametrize(
    ("service", "region", "named"),
    [
        ("../iam", None, "../iam"),
        ("s3?x=1", None, "s3?x=1"),
        ("s3", "Frankfurt", "Frankfurt"),
        ("s3", "evil.example/x-1", "evil.example"),
        ("s3", "us-iso-east-1", "us-iso-east-1"),
        (None, "eu-isoe-west-1", "eu-isoe-west-1"),
    ],
)
def test_what_is_no_service_or_region_is_named(
    service: str | None, region: str | None, named: str
) -> None:
    """Nothing is opened that could lead elsewhere, or to a console nobody knows."""
    assert f'"{named.casefold()}' in str(page_flaw(service, region))


@pytest.mark.parametrize("service", botocore.session.Session().get_available_services())
def test_every_name_of_botocores_is_a_service(service: str) -> None:
    """No service is refused for its name, and each has a page of the console."""
    assert page_flaw(service, "eu-west-1") is None
    assert re.fullmatch(
        r"https://eu-west-1\.console\.aws\.amazon\.com/[a-z0-9/-]+/home\?region=eu-west-1(#\w+:)?",
        console_page(service, "eu-west-1"),
    )
