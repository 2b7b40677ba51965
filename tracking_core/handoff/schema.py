"""``python -m tracking_core.handoff.schema``: write the case file's JSON Schema where it is published."""

from pathlib import Path

import orjson

from tracking_core.handoff.package import HandoffPackage

PATH = Path(__file__).parents[2] / "docs" / "handoff.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document() -> bytes:
    schema = {"$schema": _DIALECT, **HandoffPackage.model_json_schema(mode="serialization")}
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    PATH.write_bytes(document())
