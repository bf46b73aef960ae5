"""Pages of the AWS console by service and region."""

from __future__ import annotations

import re
from typing import Final

from tray.core.text.display_names import clean

_HOSTS: Final = {
    "cn-": "console.amazonaws.cn",
    "us-gov-": "console.amazonaws-us-gov.com",
    "eusc-": "console.amazonaws-eusc.eu",
}
"""By the region's beginning; source: IAM user guide, "AWS Management Console endpoints"."""
_OTHERS: Final = ("us-iso", "eu-isoe-")
"""Partitions whose console SSO Tray does not know."""
_COMMERCIAL: Final = "console.aws.amazon.com"
_BY_REGION: Final = (_COMMERCIAL, "console.amazonaws-eusc.eu")
"""Consoles whose pages begin with the region."""
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_SERVICE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")

_PATHS: Final = {
    "amazon-mq": "amazon-mq",
    "apigatewayv2": "apigateway",
    "apigw": "apigateway",
    "asg": "ec2",
    "autoscaling": "ec2",
    "beanstalk": "elasticbeanstalk",
    "billing": "costmanagement",
    "ce": "costmanagement",
    "cfn": "cloudformation",
    "cloudtrail": "cloudtrailv2",
    "cloudfront": "cloudfront/v4",
    "codeartifact": "codesuite/codeartifact",
    "codebuild": "codesuite/codebuild",
    "codecommit": "codesuite/codecommit",
    "codedeploy": "codesuite/codedeploy",
    "codepipeline": "codesuite/codepipeline",
    "cognito-idp": "cognito/v2/idp",
    "cw": "cloudwatch",
    "ddb": "dynamodbv2",
    "dms": "dms/v2",
    "dynamodb": "dynamodbv2",
    "ebs": "ec2",
    "ecr": "ecr",
    "ecs": "ecs/v2",
    "elb": "ec2",
    "elbv2": "ec2",
    "es": "aos",
    "eventbridge": "events",
    "logs": "cloudwatch",
    "mq": "amazon-mq",
    "opensearch": "aos",
    "organizations": "organizations/v2",
    "r53": "route53/v2",
    "redshift": "redshiftv2",
    "route53": "route53/v2",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "sfn": "states",
    "sm": "secretsmanager",
    "sns": "sns/v3",
    "sqs": "sqs/v3",
    "ssm": "systems-manager",
    "sso": "singlesignon",
    "sso-admin": "singlesignon",
    "stepfunctions": "states",
    "vpc": "vpcconsole",
    "waf": "wafv2",
}
"""Where the console's path is not botocore's name of the service; short names beside them."""
_FRAGMENTS: Final = {
    "asg": "#AutoScalingGroups:",
    "autoscaling": "#AutoScalingGroups:",
    "ebs": "#Volumes:",
    "elb": "#LoadBalancers:",
    "elbv2": "#LoadBalancers:",
    "logs": "#logsV2:",
}


def page_flaw(service: str | None, region: str | None) -> str | None:
    """Return a sentence on what can be no service or region, or is of an unknown partition."""
    where, name = _plain(region), _plain(service)
    if where and not _REGION.fullmatch(where):
        return f'"{clean(where)}" is no AWS region, such as eu-west-1.'
    if where.startswith(_OTHERS):
        return f'SSO Tray does not know the console of "{clean(where)}".'
    if name and not _SERVICE.fullmatch(name):
        return f'"{clean(name)}" is no AWS service, such as s3 or ec2.'
    return None


def console_page(service: str | None, region: str | None) -> str:
    """Return a service's page, or the console's home without one; see `page_flaw`."""
    where, name = _plain(region), _plain(service)
    host = next((one for start, one in _HOSTS.items() if where.startswith(start)), _COMMERCIAL)
    if where and host in _BY_REGION:
        host = f"{where}.{host}"
    query = f"?region={where}" if where else ""
    path = f"{_PATHS.get(name, name)}/" if name else ""
    return f"https://{host}/{path}home{query}{_FRAGMENTS.get(name, '')}"


def _plain(name: str | None) -> str:
    return (name or "").strip().casefold()
