"""
Reads an object with a library that brings its own AWS client; answers each line with one of JSON.

    python objects.py pyarrow|polars|deltalake|obstore|awscrt PROFILE

The store at $OBJECTS_URL says afterwards whose key the request was signed with.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

Ask = Callable[[], object]

library, profile = sys.argv[1:]
store = os.environ["OBJECTS_URL"]
if profile:
    os.environ["AWS_PROFILE"] = profile
region = os.environ.get("AWS_REGION", "eu-west-2")
# Some ask the machine's metadata service whatever AWS_EC2_METADATA_DISABLED says.
options = {
    "aws_endpoint": store,
    "aws_region": region,
    "aws_allow_http": "true",
    "aws_metadata_endpoint": "http://127.0.0.1:1",
}


def with_pyarrow() -> Ask:
    """Return what reads with pyarrow."""
    from pyarrow.fs import S3FileSystem  # type: ignore[import-not-found]

    place = {"endpoint_override": store.removeprefix("http://"), "scheme": "http"}
    system = S3FileSystem(region=region, **place)
    return lambda: system.get_file_info("bucket/object")


def with_polars() -> Ask:
    """Return what reads with polars."""
    import polars as pl  # type: ignore[import-not-found]

    settings = {**options, "max_retries": 1}
    return lambda: pl.scan_parquet("s3://bucket/object", storage_options=settings).collect()


def with_deltalake() -> Ask:
    """Return what reads with deltalake."""
    import deltalake  # type: ignore[import-not-found]

    # At an endpoint of one's own it looks for keys in the environment alone, unless told.
    settings = {**options, "max_retries": "1", "AWS_FORCE_CREDENTIAL_LOAD": "true"}
    return lambda: deltalake.DeltaTable("s3://bucket/table", storage_options=settings)


def with_obstore() -> Ask:
    """Return what reads with obstore."""
    from obstore.store import S3Store  # type: ignore[import-not-found]

    settings = {name.removeprefix("aws_"): one for name, one in options.items()}
    made = S3Store("bucket", retry_config={"max_retries": 1}, **settings)
    return lambda: made.list().collect()


def with_awscrt() -> Ask:
    """Return what reads with awscrt."""
    from awscrt.auth import AwsCredentialsProvider  # type: ignore[import-not-found]
    from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup  # type: ignore[import-not-found]

    loops = EventLoopGroup(1)
    bootstrap = ClientBootstrap(loops, DefaultHostResolver(loops))
    provider = AwsCredentialsProvider.new_default_chain(bootstrap)

    def ask() -> None:
        key = provider.get_credentials().result(60).access_key_id
        told(f"/?key={key}")

    return ask


def told(path: str) -> dict[str, Any]:
    """Fetch from the store without any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(store + path, timeout=60) as answer:
        document: dict[str, Any] = json.load(answer)
        return document


made: Ask | None = None
for _ in sys.stdin:
    failed: BaseException | None = None
    try:
        made = made or globals()[f"with_{library}"]()
        made()
    except BaseException as error:  # noqa: BLE001 - a panic of Rust is none of Exception's
        failed = error
    answer = told("/?whose")
    if answer["account"] is None:
        answer = {"error": type(failed).__name__, "message": str(failed)}
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()
