"""Sentences made by code: an English msgid and what fills it, told in a language when they leave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_datetime
from babel.numbers import format_decimal

from tracking_core.delivery.explain import explain_reason
from tracking_core.handoff.sla import ZONE
from tracking_core.i18n import DEFAULT_LOCALE, translate

AT = "{moment} (Brasília time)"
_FORMATS = {DEFAULT_LOCALE: "dd/MM/yyyy HH:mm:ss"}
_FORMAT = "yyyy-MM-dd HH:mm:ss"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``params`` are times, numbers, texts as they stand, or sentences that are told in their turn."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def told(self, locale: str = DEFAULT_LOCALE) -> str:
        text = translate(self.msgid, locale)
        filling = {name: _filled(value, locale) for name, value in self.params.items()}
        return text.format_map(filling) if filling else text


def of(msgid: str, **params: Any) -> Sentence:
    return Sentence(msgid, params)


def of_reason(reason: str | None) -> Sentence | None:
    """A stored reason in words."""
    return Sentence(explain_reason(reason)) if reason else None


def told(value: Any, locale: str) -> Any:
    """Rows as plain data: dataclasses as dicts, sentences in the language; the rest as it is."""
    if isinstance(value, Sentence):
        return value.told(locale)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: told(getattr(value, one.name), locale) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: told(item, locale) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [told(item, locale) for item in value]
    return value


def _filled(value: Any, locale: str) -> str:
    if isinstance(value, Sentence):
        return value.told(locale)
    if isinstance(value, datetime):
        moment = format_datetime(value.astimezone(ZONE), _FORMATS.get(locale, _FORMAT), locale=locale)
        return translate(AT, locale).format(moment=moment)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format_decimal(value, "#,##0.###", locale=locale)
    return str(value)
