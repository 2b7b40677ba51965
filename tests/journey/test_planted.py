"""Credentials of a whole setup, right ones and wrong ones, stand in clear in no table, log, checkpoint or answer."""

from pathlib import Path

import psycopg
import pytest

from tests.journey.seller import Seller, Watcher
from tests.secrets import search
from tests.secrets.planted import Planted
from tracking_core.kit.ids import new_hex

CLIENT, ACCOUNT = f"client-{new_hex()[-12:]}", f"account-{new_hex()[-12:]}"
SECRET, WRONG, HOTTOK = (f"{name}{new_hex()}Zq7" for name in ("kiwifySecret", "wrongSecret", "hottok"))
EMAIL = "compradora.plantada@planted-url.example"


@pytest.fixture
def places(seller: Seller) -> dict[str, bytes]:
    """All that a setup left behind, having met errors on its way."""
    account = {"vendor": "kiwify", "client_id": CLIENT, "client_secret": SECRET, "account_id": ACCOUNT}
    assert seller.stack.vendors_control.post("/accounts", json=account).status_code == 204
    answers = []
    with Watcher(seller) as watcher:
        mine = {"client_id": CLIENT, "account_id": ACCOUNT}
        answers.append(seller.gateway("kiwify", **mine, client_secret=WRONG))
        answers.append(seller.gateway("hotmart", client_id=CLIENT, client_secret=WRONG, basic=f"Basic {WRONG}"))
        answers.append(seller.gateway("kiwify", **mine, client_secret=seller.keep("gateway_client_secret", SECRET)))
        answers.append(seller.meta(app_secret=HOTTOK))
        answers.append(seller.meta())
        answers.append(seller.post("actions/probe_landing_url", {"url": f"{seller.landing}/ok?email={EMAIL}&cpf=1"}))
        refused = seller.http.post(
            f"/api/v1/setup/sessions/{seller.session_id}/actions/probe_landing_url",
            json={"url": f"http://user:{SECRET}@loja.example/"},
        )
        assert refused.status_code == 422
        answers.append({"refused": refused.text})
        answers.append(seller.page())
        assert seller.decide(seller.plan())["state"] == "done"
    answers += [seller.get(path) for path in ("status", "actions", "messages")]
    with psycopg.connect(seller.stack.dsn) as connection:
        found = dict(search.tables(connection))
    logs = Path(seller.stack.folder, "logs").glob("*.log")
    found |= {f"log {path.name}": path.read_bytes() for path in logs if path.name != "vendors.log"}
    return found | {"answers": repr(answers).encode(), "events": repr(watcher.told).encode()}


def test_no_credential_and_no_person_stands_anywhere_in_clear(seller: Seller, places: dict[str, bytes]) -> None:
    values = {"secret": SECRET, "wrong": WRONG, "app secret": HOTTOK, "token": seller.token, "e-mail": EMAIL}
    for name, value in values.items():
        assert (name, search.places_of(Planted(name, (value,)).forms(), places)) == (name, [])
    # A checkpoint gives back plain JSON only: any other type would come back as something else.
    assert b"Blocked deserialization" not in places["log setup.log"]
    # The same search finds what may be there: without it, it would find nothing at all.
    assert "table checkpoint_blobs.blob" in places
    assert search.places_of([b"secret:"], places) != []
    assert search.places_of([seller.dataset.encode()], places) != []
