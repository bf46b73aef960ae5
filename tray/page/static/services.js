// What the fields for service and region suggest; any other name can be typed.

import { el } from "/dom.js";

export function choices(id, some) {
  return el("datalist", { id }, ...some.map((one) => el("option", { value: one })));
}

export const SERVICES = [
  "apigateway", "athena", "backup", "batch", "billing", "cloudformation", "cloudfront", "cloudtrail",
  "cloudwatch", "codebuild", "codepipeline", "cognito-idp", "config", "dynamodb", "ec2", "ecr", "ecs",
  "efs", "eks", "elasticache", "elb", "events", "glue", "guardduty", "iam", "kms", "lambda", "logs",
  "opensearch", "organizations", "rds", "redshift", "route53", "s3", "sagemaker", "secretsmanager",
  "sns", "sqs", "ssm", "stepfunctions", "vpc", "waf",
];

export const REGIONS = [
  "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
  "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1",
  "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
  "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "sa-east-1", "us-east-1",
  "us-east-2", "us-west-1", "us-west-2",
];
