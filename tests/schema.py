"""The documents the program prints for other programs, held against their schemas (rule C5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from jsonschema import Draft202012Validator

DIRECTORY = Path(__file__).parent / "data" / "schema"


def validate(
    name: Literal["status", "profiles", "accounts", "doctor", "settings"], document: object
) -> None:
    """
    Check a parsed JSON document against ``tests/data/schema/<name>.json``.

    Raises:
        jsonschema.ValidationError: a member is missing, or is not what the schema promises.
    """
    schema = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
