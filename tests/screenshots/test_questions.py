"""Without a model that sees, the seller is asked: where the setup is stuck, in their language, for no secret."""

from itertools import chain

import pytest

from agent.screenshots.extract import read
from agent.screenshots.questions import BY_CODE, BY_STAGE, GENERAL, questions_for, stuck_at
from tests.screenshots.conftest import Seller
from tracking_core.db.engine import transaction
from tracking_core.i18n import translate
from tracking_core.models import SetupSession
from tracking_core.setup.meanings import all_meanings
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import initial_stages

QUESTIONS = sorted({*GENERAL, *chain.from_iterable(BY_STAGE.values()), *BY_CODE.values()})


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_translated_and_is_one(question: str) -> None:
    assert translate(question) != question
    assert "?" in question
    assert "?" in translate(question)


def test_every_stage_has_questions_and_every_code_exists() -> None:
    assert set(BY_STAGE) == set(Stage)
    assert set(BY_CODE) <= set(all_meanings())


@pytest.mark.parametrize(
    ("stage", "code", "language", "asked"),
    [
        (None, None, "en", GENERAL),
        (Stage.META, None, "en", (*GENERAL, *BY_STAGE[Stage.META])),
        (Stage.META, "meta_dataset_no_access", "en", (*GENERAL, BY_CODE["meta_dataset_no_access"])),
        (Stage.META, "meta_unavailable", "en", (*GENERAL, *BY_STAGE[Stage.META])),
        (Stage.URL, "url_script_missing", "pt_BR", tuple(map(translate, (*GENERAL, BY_CODE["url_script_missing"])))),
    ],
)
def test_what_is_asked(stage: Stage | None, code: str | None, language: str, asked: tuple[str, ...]) -> None:
    assert questions_for(stage, code, language) == asked


def test_a_setup_is_stuck_where_it_waits_for_the_seller() -> None:
    stages = initial_stages()
    assert stuck_at(stages) == (Stage.GATEWAY, None)
    stages["gateway"] = {"status": "waiting", "code": "gateway_unavailable"}
    stages["url"] = {"status": "action_required", "code": "url_timeout"}
    assert stuck_at(stages) == (Stage.URL, "url_timeout")
    verified = {stage.value: {"status": "verified"} for stage in Stage}
    assert stuck_at(verified) == (None, None)


async def test_the_questions_of_a_picture_are_of_its_setup(seller: Seller) -> None:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, seller.session_id)
        owner.locale = "en"
        owner.stages = {**owner.stages, "meta": {"status": "action_required", "code": "meta_token_expired"}}
    reading = await read(await seller.keep())
    assert reading.questions == (*GENERAL, BY_CODE["meta_token_expired"])
