"""What a log line may show of an error's text."""

import time

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.client import RESPONSE_LIMIT_BYTES
from tracking_core.destinations.meta_capi.masking import masked
from tracking_core.logging import mask_text, redact
from tracking_core.settings import Settings


@pytest.mark.parametrize("email", ["ana.lima@loja.example", "ana.lima%40loja.example", "ana+1%40loja.com.br"])
def test_an_email_is_masked_also_where_it_is_quoted_for_a_url(email: str) -> None:
    assert mask_text(f"bad value {email}, sorry") == "bad value ***, sorry"


async def test_the_text_of_a_refused_row_shows_neither_its_values_nor_the_query_s(database: Settings) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with transaction() as session:
            await session.execute(
                text("INSERT INTO tenants (id, name) VALUES (gen_random_uuid(), :name)"), {"name": "Rua das Flores 12"}
            )
    assert "DETAIL:  Failing row contains" in str(refused.value)
    event = {"event": "failed", "exc_info": refused.value}
    shown = redact(None, "error", dict(structlog.processors.format_exc_info(None, "error", event)))["exception"]
    assert "Rua das Flores" not in shown
    assert "violates not-null constraint" in shown
    assert "INSERT INTO tenants" in shown


@pytest.mark.parametrize(
    "unit", ["a", "a.", "1", "a@", "@", "%40", "a%40b.", "EAA", "://", "Bearer ", "(1) ", "token="]
)
def test_masking_the_longest_answer_takes_a_moment_whatever_is_in_it(unit: str) -> None:
    answer = (unit * RESPONSE_LIMIT_BYTES)[:RESPONSE_LIMIT_BYTES]
    started = time.process_time()
    masked(answer, limit_bytes=100)
    assert time.process_time() - started < 2
