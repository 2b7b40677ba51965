"""Every sentence of the console exists in Portuguese, with the same places to fill."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tracking_core.i18n import translate
from tracking_core.reporting import pages, scope, sentences, series
from tracking_core.reporting.hops import attempts, claim, click, consent, deliveries, match, standing, webhooks
from tracking_core.reporting.sentences import of

MODULES = (pages, scope, sentences, series, attempts, claim, click, consent, deliveries, match, standing, webhooks)


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not value.lstrip().startswith(("SELECT", "JOIN", "(")):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _said(item)


def _sentences(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if name.isupper() and not name.startswith("_") and name not in ("TABLE", "DEAD_TABLE", "WEIGHTS", "FATE"):
            yield from _said(value)


ALL = sorted({sentence for module in MODULES for sentence in _sentences(module) if " " in sentence})


def test_the_sentences_are_found() -> None:
    assert len(ALL) > 80
    assert deliveries.HELD in ALL


@pytest.mark.parametrize("message", ALL)
def test_the_sentence_is_translated_with_the_same_places(message: str) -> None:
    translated = translate(message)
    assert translated != message
    assert sorted(re.findall(r"\{\w+\}", translated)) == sorted(re.findall(r"\{\w+\}", message))


def test_times_numbers_and_sentences_are_told_in_the_language() -> None:
    moment = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
    sentence = of(
        "{at} {score} {size} {inner} {text}", at=moment, score=Decimal("0.750"), size=1200, inner=of("Copy"), text="{x}"
    )
    assert sentence.told("en") == "2026-11-26 10:05:00 (Brasília time) 0.75 1,200 Copy {x}"
    assert sentence.told("pt_BR") == "26/11/2026 10:05:00 (horário de Brasília) 0,75 1.200 Copiar {x}"
