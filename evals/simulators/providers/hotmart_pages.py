"""Hotmart's pages by cursor, the same for every list. Source: developers.hotmart.com, pagination."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

NUMBER_DIGITS_MAX = 18
_PAGE_MAX = 50


class BadQuery(Exception):
    """``error`` is the vendor's word; the value that was sent is not repeated."""

    def __init__(self, error: str, parameter: str) -> None:
        super().__init__(f"{error}: {parameter}")
        self.error, self.parameter = error, parameter


def paged(found: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """The page that was asked for. Raises BadQuery."""
    size, number = _place(query)
    info: dict[str, Any] = {"total_results": len(found), "results_per_page": size}
    if number * size < len(found):
        info["next_page_token"] = _cursor(size, number + 1)
    if number > 1:
        info["prev_page_token"] = _cursor(size, number - 1)
    return {"items": found[(number - 1) * size : number * size], "page_info": info}


def _place(query: Mapping[str, str]) -> tuple[int, int]:
    """The page's size and its number, from 1. A cursor brings both."""
    if "page_token" in query:
        return _read(query["page_token"])
    size = number_of(query, "max_results", _PAGE_MAX)
    if not size:
        raise BadQuery("invalid_parameter", "max_results")
    return min(size, _PAGE_MAX), 1


def number_of(query: Mapping[str, str], name: str, without: int) -> int:
    said = query.get(name)
    if said is None:
        return without
    if not (said.isascii() and said.isdigit() and len(said) <= NUMBER_DIGITS_MAX):
        raise BadQuery("invalid_parameter", name)
    return int(said)


def _cursor(size: int, number: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"rows": size, "page": number})).decode()


def _read(cursor: str) -> tuple[int, int]:
    try:
        place = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        size, number = place["rows"], place["page"]
    except (binascii.Error, ValueError, TypeError, KeyError):
        raise BadQuery("invalid_token", "page_token") from None
    if type(size) is not int or type(number) is not int or not 1 <= size <= _PAGE_MAX or number < 1:
        raise BadQuery("invalid_token", "page_token")
    return size, number
