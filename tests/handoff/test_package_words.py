"""The case file in words, in the reader's language: what was tried, and what stands where a credential was."""

import orjson
import pytest

from tests.handoff.conftest import Case
from tests.handoff.test_package import OTHER_REFERENCE, REFERENCE
from tracking_core.handoff.languages import package_in
from tracking_core.handoff.package import HandoffPackage
from tracking_core.models import ActionState


@pytest.mark.parametrize(
    ("action", "state", "in_portuguese", "in_english"),
    [
        (
            "create_webhook_endpoint",
            ActionState.IN_FLIGHT,
            "a última: Abertura do endereço do webhook (em andamento).",
            "last: Opening the webhook's address (under way).",
        ),
        (
            "undo_proof_meta",
            ActionState.UNDO_FAILED,
            "a última: Desfazer: Venda de teste: a resposta da Meta (não pôde ser desfeito).",
            "last: Taking back: Test sale: Meta's answer (could not be taken back).",
        ),
    ],
)
async def test_the_summary_says_what_was_tried_in_the_words_of_the_pages(
    case: Case, action: str, state: ActionState, in_portuguese: str, in_english: str
) -> None:
    await case.logs(action, state=state, code=None)
    handoff, _ = await case.open()
    for locale, words in (("pt_BR", in_portuguese), ("en", in_english)):
        said_last = package_in(handoff, locale)[0].conversation.summary[3]
        assert said_last.endswith(words)
        assert action not in said_last


async def test_a_saved_credential_is_told_by_its_kind_in_the_readers_language(case: Case) -> None:
    known = [{"reference": REFERENCE, "kind": "meta_access_token", "last4": "wXyZ"}]
    await case.hears(f"o token é {REFERENCE} e o outro {OTHER_REFERENCE}", secrets=known)
    handoff, _ = await case.open()
    package = HandoffPackage.from_json(handoff.package)
    told = "o token é [credencial guardada: Token de acesso da Meta] e o outro [credencial guardada]"
    assert package.last_said is not None
    assert [package.last_said.text, *(one.text for one in package.conversation.messages)] == [told, told]
    assert "wXyZ" not in orjson.dumps(handoff.package).decode()
