"""From nothing to a proved configuration over HTTP and SSE: clean, and with a fault at every stage, then mended."""

import httpx
import pytest

from tests.journey.seller import HOTTOK, Seller, Watcher

VERIFIED = dict.fromkeys(("gateway", "meta", "url", "configuration", "proof"), "verified")


@pytest.mark.parametrize("gateway", ["hotmart", "kiwify"])
def test_a_clean_setup_ends_proved(seller: Seller, gateway: str) -> None:
    with Watcher(seller) as watcher:
        seller.check_everything(gateway)
        plan = seller.plan()
        assert any(seller.dataset in line for line in plan["diff"])
        assert any(seller.landing in line for line in plan["diff"])
        status = seller.decide(plan)
    assert (seller.stages(), status["state"], status["progress"]) == (VERIFIED, "done", 100), status
    assert status["last_failure"] is None
    assert status["configuration"]["version"] == 1
    numbers = [told.id for told in watcher.told]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    hops = [told.data["hop"] for told in watcher.told if told.type == "proof.hop"]
    assert hops == ["click", "pageview", "initiate_checkout", "webhook", "match", "delivery", "meta"]


def test_a_fault_at_every_stage_is_told_and_mended(seller: Seller) -> None:
    stack = seller.stack
    wrong = seller.gateway("kiwify", client_secret="not-the-secret")
    assert (wrong["status"], wrong["code"], wrong["return_code"]) == ("failed", "gateway_wrong_credentials", 401)
    assert seller.get("status")["last_failure"]["action_id"] == wrong["action_id"]
    other = seller.gateway("kiwify", account_id="another-account")
    assert other["code"] == "gateway_wrong_account_id"
    stack.vendors_control.post("/faults", json={"vendor": "kiwify", "kind": "status", "status": 503, "times": 5})
    away = seller.gateway("kiwify")
    stack.vendors_control.delete("/faults")
    assert (away["code"], seller.stages()["gateway"]) == ("gateway_unavailable", "waiting")
    assert seller.gateway("kiwify")["status"] == "success"

    _register(seller, access_token="EAAanotherTokenThanTheOneGiven0123456789")
    refused = seller.meta()
    assert (refused["status"], refused["code"], refused["return_code"]) == ("failed", "meta_token_invalid", 401)
    assert "recommendation" in refused
    _register(seller, access_token=seller.token)
    assert seller.meta()["status"] == "success"

    gone = seller.page("not-found")
    assert gone["status"] == "failed", gone
    assert seller.stages()["url"] == "action_required"
    found = seller.page()
    assert found["facts"]["script"] == {**found["facts"]["script"], "present": True}

    plan = seller.plan()
    stack.vendors_control.post(
        "/faults", json={"vendor": "kiwify", "kind": "status", "status": 403, "method": "POST", "path": "/v1/webhooks"}
    )
    failed = seller.decide(plan)
    assert failed["stages"]["configuration"]["status"] == "action_required", failed
    assert failed["configuration"] is None
    assert _webhooks(seller) == []

    _fault_at_meta(seller)
    red = seller.decide(seller.plan())
    assert red["stages"]["proof"]["code"] == "proof_not_delivered", red["stages"]["proof"]
    assert (red["configuration"], _webhooks(seller)) == (None, [])
    stack.control.delete("/faults")

    status = seller.decide(seller.plan())
    assert (seller.stages(), status["state"]) == (VERIFIED, "done"), status
    assert len(_webhooks(seller)) == 1


def test_a_refused_plan_changes_nothing(seller: Seller) -> None:
    seller.check_everything("kiwify")
    plan = seller.plan()
    status = seller.decide(plan, "reject")
    assert (status["state"], status["configuration"], _webhooks(seller)) == ("awaiting_seller", None, [])
    again = seller.http.post(
        f"/api/v1/setup/sessions/{seller.session_id}/plan/decision",
        json={"plan_hash": plan["plan_hash"], "decision": "approve"},
    )
    assert (again.status_code, again.json()["code"]) == (409, "approval_not_pending")


def test_a_check_while_a_plan_waits_brings_the_plan_back(seller: Seller) -> None:
    seller.check_everything("kiwify")
    before = seller.plan()
    assert seller.page("page")["status"] == "success"
    after = seller.get("plan")
    assert after["approval_id"] != before["approval_id"]
    stale = seller.http.post(
        f"/api/v1/setup/sessions/{seller.session_id}/plan/decision",
        json={"plan_hash": before["plan_hash"], "decision": "approve"},
    )
    assert stale.json()["code"] == "approval_mismatch"
    assert seller.decide(after)["state"] == "done"


def test_everything_can_be_taken_back_and_set_up_again(seller: Seller) -> None:
    seller.check_everything("kiwify")
    assert seller.decide(seller.plan())["state"] == "done"
    said = seller.post("rollback", {"scope": "all"})
    assert (said["result"], said["status"]["plan"]["kind"]) == ("awaiting_approval", "rollback")
    status = seller.decide(said["status"]["plan"])
    assert (status["state"], status["configuration"], _webhooks(seller)) == ("rolled_back", None, [])
    assert seller.decide(seller.plan())["state"] == "done"
    assert len(_webhooks(seller)) == 1


def test_an_older_version_can_be_used_again(seller: Seller) -> None:
    seller.check_everything("kiwify")
    assert seller.decide(seller.plan())["configuration"]["version"] == 1
    chosen = {"consent_mode": "opt_in", "browser_events": ["pageview"]}
    answer = seller.http.put(f"/api/v1/setup/sessions/{seller.session_id}/preferences", json=chosen)
    assert answer.status_code == httpx.codes.OK
    changed = seller.get("status")
    assert (changed["stages"]["configuration"]["code"], changed["state"]) == ("setup_changed", "awaiting_seller")
    assert seller.decide(seller.plan())["configuration"]["version"] == 2
    said = seller.post("rollback", {"scope": "version", "version": 1})
    status = seller.decide(said["status"]["plan"])
    assert (status["configuration"]["version"], status["stages"]["configuration"]["status"]) == (1, "verified")
    versions = seller.http.get("/api/v1/configurations").json()["items"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "superseded"), (1, "active")]


def test_a_plan_without_its_checks_says_what_is_missing(seller: Seller) -> None:
    said = seller.post("plan")
    assert (said["result"], said["code"]) == ("incomplete", "config_incomplete")
    missing = said["status"]["stages"]["configuration"]["requirements"]
    assert {one["field"] for one in missing} == {"gateway", "meta", "url"}


def test_the_same_wish_twice_is_one_action(seller: Seller) -> None:
    body = {"url": f"{seller.landing}/ok"}
    first = seller.post("actions/probe_landing_url", body, **{"Idempotency-Key": "twice"})
    second = seller.post("actions/probe_landing_url", body, **{"Idempotency-Key": "twice"})
    assert first["action_id"] == second["action_id"]
    assert len(seller.actions()) == 1


def test_no_credential_comes_back_anywhere(seller: Seller) -> None:
    seller.check_everything()
    seller.decide(seller.plan())
    with Watcher(seller, last_event_id=1) as watcher:
        base = f"/api/v1/setup/sessions/{seller.session_id}"
        shown = [seller.http.get(f"{base}/{path}").text for path in ("status", "actions", "messages")]
    shown += [str(told.data) for told in watcher.told]
    assert not any(secret in text for text in shown for secret in (seller.token, HOTTOK, "demo-hotmart-secret"))


def _register(seller: Seller, **facts: object) -> None:
    answer = seller.stack.control.post("/datasets", json={"dataset_id": seller.dataset, **facts})
    assert answer.status_code == httpx.codes.NO_CONTENT, answer.text


def _fault_at_meta(seller: Seller) -> None:
    """The right to the dataset is lost after the check of the token."""
    body: dict[str, object] = {"kind": "code_100_33", "dataset_id": seller.dataset, "times": None, "params": {}}
    answer = seller.stack.control.post("/faults", json=body)
    assert answer.status_code == httpx.codes.NO_CONTENT, answer.text


def _webhooks(seller: Seller) -> list[object]:
    """What is registered at Kiwify for the demo account."""
    kept: dict[str, list[object]] = seller.stack.vendors_control.get("/webhooks").json()
    return kept.get("demo-account", [])
