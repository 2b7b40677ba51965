"""Credentials of a whole conversation, by every way in, stand in clear in no table, log, event, answer, prompt or
notification."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import httpx
import psycopg
import pytest
from PIL import Image

from evals.stack import Stack, wait_for
from tests.journey.endpoint import Endpoint
from tests.journey.kiwify import Account, registered
from tests.journey.seller import SESSIONS, Seller, Told, Watcher
from tests.journey.site import Site
from tests.secrets import planted, search
from tests.secrets.echoing_meta import HOLDING, EchoingMeta
from tests.secrets.planted import Planted
from tracking_core.kit.ids import new_hex

ACCOUNT = Account()
# Harmless, and said the same ways: the search must find it.
CONTROL = "CONTROLE4711PLANTADO"
_PIECE, _STEP = 30, 7


def _token(name: str) -> str:
    """As Meta's look."""
    return f"EAA{name}{new_hex()}{new_hex()}Zq7"


WHOLE, SPLIT, GAPS, SPOKEN, CALLED, TITLE, FILE, NOTE = (_token(f"p{at}") for at in range(8))
FIRST, REST = SPLIT[:_PIECE], SPLIT[_PIECE:]
WITH_GAPS = "\u200b".join(GAPS[at : at + _STEP] for at in range(0, len(GAPS), _STEP))


@contextmanager
def _echoing(stack: Stack) -> Iterator[None]:
    """The setup's worker asks a Meta whose errors repeat what it was sent, and an app secret and a person besides."""
    stack.setup.stop()
    with EchoingMeta() as meta:
        command = ["-m", "api.cli", "worker", "--queue", "setup"]
        worker = stack.service("echoing", command, HUB_META_GRAPH_URL=meta.url)
        worker.start()
        try:
            yield
        finally:
            worker.stop()


@pytest.fixture(scope="module")
def places(running: Stack, endpoint: Endpoint, site: Site) -> dict[str, bytes]:
    """All that one conversation left behind."""
    endpoint.state.reset()
    with running.as_this_process(), _echoing(running):
        seller = Seller(running, dataset="840000000000001")
        with closing(seller.http):
            found = _left_behind(seller, endpoint, site)
    endpoint.state.reset()
    return found


def _left_behind(seller: Seller, model: Endpoint, site: Site) -> dict[str, bytes]:
    stack = seller.stack
    answers, told = _conversation(seller, model, site)
    with psycopg.connect(stack.dsn) as connection:
        found = dict(search.tables(connection))
    logs = Path(stack.folder, "logs").glob("*.log")
    found |= {f"log {path.name}": path.read_bytes() for path in logs if path.name != "vendors.log"}
    return found | {
        "answers": repr(answers).encode(),
        "events": "\n".join(repr(one.data) for one in told).encode(),
        "prompts": "\n".join(model.asked).encode(),
        "notifications": b"\n".join(site.posted),
    }


def _conversation(seller: Seller, model: Endpoint, site: Site) -> tuple[list[object], list[Told]]:
    """What was answered, and what the stream told."""
    answers: list[object] = []
    registered(seller.stack, ACCOUNT)

    def say(text: str, **more: object) -> None:
        answers.append(seller.ask(text, **more))

    with Watcher(seller) as watcher:
        say(f"{ACCOUNT.words}\no produto é {CONTROL}")
        say(f"o dataset é {HOLDING} e o token é {WHOLE}")
        model.state.say({"text": f"Vou ver o token {CALLED}", "calls": [_explained(CALLED)]})
        model.state.say(f"Anote com calma o que você mandou antes: o token é {SPOKEN} e serve para a Meta.")
        say(f"e agora? é sobre o {CONTROL}")
        say(f"segue em duas partes, {FIRST}")
        say(REST)
        say(f"ou será {WITH_GAPS}?")
        say(f"a minha página é {site.write('planted', TITLE, script=seller.script, dataset=HOLDING)}")
        say("segue o print", attachments=[_screenshot(seller)])
        say("quero falar com uma pessoa")
        answers.append(_noted(seller))
        wait_for(lambda: _is_told(seller))
    answers += [seller.get(path) for path in ("status", "actions", "messages", "handoff")]
    return answers, watcher.told


def test_no_credential_of_a_conversation_stands_anywhere_in_clear(places: dict[str, bytes]) -> None:
    values = {
        "gateway's": ACCOUNT.client_secret,
        "whole": WHOLE,
        "split": SPLIT,
        "rest of the split": REST,
        "gaps": GAPS,
        "with gaps": WITH_GAPS,
        "spoken by the model": SPOKEN,
        "title": TITLE,
        "file name": FILE,
        "note": NOTE,
    }
    found = {name: _places_of(value, places) for name, value in values.items()}
    assert {name: where for name, where in found.items() if where} == {}
    # The first piece could be any word until the rest came; then it was taken back wherever it is kept.
    kept = {place: content for place, content in places.items() if place.startswith("table ")}
    assert search.places_of([FIRST.encode()], kept) == []


@pytest.mark.parametrize("value", [planted.APP_SECRET, planted.EMAIL, planted.CPF], ids=["secret", "e-mail", "cpf"])
def test_what_a_providers_error_repeats_is_masked(places: dict[str, bytes], value: str) -> None:
    assert b"(app secret" in places["table setup_action_logs.reason"]
    assert _places_of(value, places) == []


def test_what_a_model_puts_into_a_call_is_not_sent_back_to_it(places: dict[str, bytes]) -> None:
    assert b"Vou ver o token" in places["prompts"]
    assert _places_of(CALLED, places) == []


def test_every_kind_of_place_is_searched(places: dict[str, bytes]) -> None:
    """What is no secret is found: without that, nothing else would be either."""
    said = set(search.places_of([CONTROL.encode()], places))
    assert {"answers", "events", "prompts", "notifications", "table setup_messages.text"} <= said
    assert "table setup_handoffs.package" in said
    assert "table setup_action_logs.code" in search.places_of([b"meta_token_invalid"], places)
    assert "table checkpoint_blobs.blob" in places
    assert {"log api.log", "log echoing.log"} <= places.keys()


def _places_of(value: str, places: dict[str, bytes]) -> list[str]:
    return search.places_of(Planted("", (value,)).forms(), places)


def _explained(code: str) -> dict[str, object]:
    return {"name": "explain", "arguments": {"code": code}}


def _noted(seller: Seller) -> dict[str, object]:
    note = seller.http.post(f"{SESSIONS}/{seller.session_id}/handoff", json={"note": f"o token é {NOTE}"})
    assert note.status_code == httpx.codes.OK, note.text
    said: dict[str, object] = note.json()
    return said


def _screenshot(seller: Seller) -> str:
    picture = BytesIO()
    Image.new("RGB", (320, 200), "white").save(picture, "PNG")
    headers = {
        "Content-Type": "image/png",
        "X-File-Name": f"print {FILE}.png",
        "Content-Disposition": f'attachment; filename="{FILE}.png"',
    }
    path = f"{SESSIONS}/{seller.session_id}/screenshots"
    kept = seller.http.post(path, content=picture.getvalue(), headers=headers)
    assert kept.status_code == httpx.codes.CREATED, kept.text
    return str(kept.json()["screenshot_id"])


def _is_told(seller: Seller) -> bool:
    """Nothing of the case waits to be sent."""
    query = "SELECT DISTINCT n.state FROM notifications n JOIN setup_handoffs h ON h.id = n.handoff_id"
    return seller.stack.rows(f"{query} WHERE h.session_id = %s", seller.session_id) == [("sent",)]
