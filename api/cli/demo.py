"""``hub demo``: one synthetic sale through every hop of a running hub, each hop green or red with its time."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from api.cli.checkout import Checkout, OwnCheckout, Refused, SimulatedCheckout
from api.cli.run import in_transaction
from tracking_core.gateways import registry
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings, get_settings
from tracking_core.tenants import service as tenants

_WAIT_SECONDS = 15.0
_SECRET = "demo-webhook-secret"  # noqa: S105 - signs only the demo tenant's own made-up webhooks
_DATASET, _TOKEN = "900000000000001", "EAADemoTokenForTheLocalSimulator"


class HopFailed(Exception):
    """Why a hop is red."""


@dataclass(frozen=True, slots=True)
class Hop:
    name: str
    ok: bool
    ms: float
    detail: str


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    gateway: Annotated[str, typer.Option(help="Which gateway's webhook to send.")] = "hotmart",
) -> None:
    """Send one synthetic sale; exit 1 if a hop is red. Needs a running hub (`make run`)."""
    journey = _Journey(get_settings(), gateway)
    hops, console = [], Console(highlight=False, soft_wrap=True)
    for name, step in journey.steps():
        hops.append(_timed(name, step))
        if not as_json:
            mark = "[green]✓[/green]" if hops[-1].ok else "[red]✗[/red]"
            console.print(f"{mark} {name:<34} {hops[-1].ms:8.1f} ms  {hops[-1].detail}")
        if not hops[-1].ok:
            break
    ok = all(hop.ok for hop in hops)
    if as_json:
        typer.echo(json.dumps({"ok": ok, "hops": [asdict(hop) for hop in hops], "received": journey.received}))
    elif journey.received:
        console.print("\nWhat Meta received:")
        console.print_json(data=journey.received)
    if not ok:
        raise typer.Exit(1)


def _timed(name: str, step: Callable[[], str]) -> Hop:
    started = time.perf_counter()
    try:
        detail, ok = step(), True
    except (HopFailed, Refused, httpx.HTTPError) as error:
        detail, ok = str(error) or type(error).__name__, False
    return Hop(name, ok, round((time.perf_counter() - started) * 1_000, 1), detail)


class _Journey:
    """The state of one demo: what was sent, and what came of it."""

    def __init__(self, settings: Settings, gateway: str) -> None:
        self._settings, self._gateway = settings, registry.get(gateway)
        self._http = httpx.Client(base_url=f"http://{settings.host}:{settings.port}", timeout=5, trust_env=False)
        self._checkout: Checkout = (
            SimulatedCheckout(f"{settings.meta_graph_url}/_gateways", self._gateway, _SECRET)
            if self._is_simulated()
            else OwnCheckout(self._gateway, _SECRET)
        )
        self._account: dict[str, str] = {}
        self._click_id = ""
        self._conversion: dict[str, Any] = {}
        self.received: dict[str, Any] | None = None

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        steps: list[tuple[str, Callable[[], str]]] = [
            ("the hub is ready", self._ready),
            ("a tenant with its connections", self._connected),
            ("click stored", self._click),
            ("checkout started", self._checkout_started),
            (f"{self._gateway.name} webhooks accepted", self._sold),
            ("sale normalised and matched", self._matched),
            ("delivered to Meta", self._delivered),
        ]
        if self._is_simulated():
            steps.append(("received by Meta's simulator", self._received_once))
        steps.append(("webhook replayed: still one sale", self._replayed))
        return steps

    def _is_simulated(self) -> bool:
        return self._settings.meta_graph_url.startswith("http://127.0.0.1:")

    def _ready(self) -> str:
        return str(_expect(self._http.get("/readyz"), 200)["status"])

    def _connected(self) -> str:
        kept = Path(self._settings.data_dir) / f"demo-{self._gateway.name}.json"
        if not kept.exists():
            if not self._is_simulated():
                raise HopFailed("no demo tenant: the demo makes one only when Meta is simulated")
            kept.touch(mode=0o600)
            kept.write_text(json.dumps(self._made()))
        self._account = json.loads(kept.read_text())
        return f"tenant {self._account['tenant_id']}"

    def _made(self) -> dict[str, str]:
        async def make(session: Any) -> dict[str, str]:
            made = await tenants.create(session, "Demonstração", actor="demo")
            await tenants.connect_meta(session, made.tenant_id, _DATASET, _TOKEN, actor="demo")
            endpoint = await tenants.connect_gateway(session, made.tenant_id, self._gateway.name, _SECRET, actor="demo")
            return {
                "tenant_id": str(made.tenant_id),
                "write_key": made.write_key,
                "secret_key": made.secret_key,
                "webhook_path": tenants.webhook_path(endpoint),
            }

        return in_transaction(make)

    def _track(self, kind: str, **fields: object) -> dict[str, Any]:
        body = {"url": "https://loja.example/curso?utm_source=meta", "consent_ads": True, **fields}
        headers = {"X-Hub-Key": self._account["write_key"], "User-Agent": "Mozilla/5.0 (Linux; Android 15) Demo"}
        return _expect(self._http.post(f"/track/{kind}", json=body, headers=headers), 202)

    def _click(self) -> str:
        answer = self._track("click", fbclid=f"IwAR{new_id().hex}", utm_source="meta", utm_campaign="demo")
        self._click_id = answer["click_id"]
        return f"click_id {self._click_id}"

    def _checkout_started(self) -> str:
        return f"event_id {self._track('initiate_checkout', click_id=self._click_id)['event_id']}"

    def _sold(self) -> str:
        url = f"http://{self._settings.host}:{self._settings.port}{self._account['webhook_path']}"
        sent = self._checkout.sell(url, self._click_id)
        return f"sale {self._checkout.sale_id} ({sent})"

    def _matched(self) -> str:
        self._conversion = self._awaited(lambda sale: sale["match_rule"] is not None)
        if self._conversion["match_rule"] != "click_id":
            raise HopFailed(f"matched by {self._conversion['match_rule']}, not by its click")
        return f"rule {self._conversion['match_rule']}, score {self._conversion['match_score']}"

    def _delivered(self) -> str:
        self._conversion = self._awaited(lambda sale: sale["state"] in ("delivered", "dead", "withheld", "on_hold"))
        if self._conversion["state"] != "delivered":
            raise HopFailed(f"{self._conversion['state']}: {self._conversion['reason']}")
        detail = self._get(f"/api/v1/conversions/{self._conversion['id']}")
        attempt = detail["deliveries"][0]["attempts"][-1]
        return f"HTTP {attempt['http_status']}, {attempt['latency_ms']} ms, trace {attempt['fbtrace_id']}"

    def _received_once(self) -> str:
        url = f"{self._settings.meta_graph_url}/_control/events"
        answer = httpx.get(url, params={"event_id": str(self._conversion["event_id"])}, timeout=5, trust_env=False)
        events = _expect(answer, 200)["events"]
        if len(events) != 1:
            raise HopFailed(f"received {len(events)} times")
        self.received = events[0]
        return f"event_id {self._conversion['event_id']}, once"

    def _replayed(self) -> str:
        status = self._checkout.resend()
        if status != "duplicate":
            raise HopFailed(f"the second delivery was {status}")
        if self._is_simulated():
            self._received_once()
        return status

    def _awaited(self, is_done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            for sale in self._get("/api/v1/conversions")["items"]:
                if sale["sale_id"] == self._checkout.sale_id and is_done(sale):
                    found: dict[str, Any] = sale
                    return found
            time.sleep(0.02)
        raise HopFailed(f"nothing came within {_WAIT_SECONDS:.0f} s; see the worker's log")

    def _get(self, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._account['secret_key']}"}
        return _expect(self._http.get(path, headers=headers), 200)


def _expect(answer: httpx.Response, status: int) -> dict[str, Any]:
    if answer.status_code != status:
        raise HopFailed(f"HTTP {answer.status_code}: {answer.text[:200]}")
    body: dict[str, Any] = answer.json()
    return body
