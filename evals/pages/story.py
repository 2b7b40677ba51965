"""What has happened before anybody looks: shops that sell, shops in trouble, and people who look after them."""

import re
from dataclasses import dataclass, field
from uuid import UUID

from playwright.sync_api import Browser, StorageState, expect

from api.ui.paths import SETUPS
from evals.pages import selling, troubles
from evals.pages.browser import PHONE, WIDE, Person, arrive, enter
from evals.pages.hand import Counts, Hand
from evals.pages.hub import Hub
from evals.pages.selling import Selling
from evals.pages.sessions import Setup, begin
from evals.pages.setting_up import HOTTOK, Given, SettingUp
from evals.simulators.providers.accounts import DEMO_HOTMART
from tracking_core.models import Role
from tracking_core.tenants.service import NewTenant

_WEBHOOK = re.compile(r"/webhooks/\S+")
_EMBED = re.compile(r"/embed/status/([^\"]+)")
SOLD = ("HP100001", "HP400001", "HP300001", "HP500001")
_BUYER = "cliente100005@example.com"
ANA, BETO, CLUB = "880000000000001", "880000000000002", "880000000000003"


@dataclass
class Scene:
    """``places`` are the parts of addresses by name, ``states`` the cookies of each by their name, ``counts`` what the
    setups by clicking took, by checkout, and ``noise`` what browsers complained of meanwhile."""

    hub: Hub
    places: dict[str, str] = field(default_factory=dict)
    states: dict[str, StorageState] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    noise: list[str] = field(default_factory=list)


def tell(hub: Hub, browser: Browser) -> Scene:
    scene = Scene(hub)
    people = _people(hub)
    ana = _ana(scene, browser, people["ana"])
    _beto(scene, browser, people["beto"])
    _sales(scene, ana)
    held = troubles.connected(hub, "Clube do Caio", CLUB)
    selling.on_hold(held)
    scene.places["club"] = str(held.tenant_id)
    for name in ("clara", "dora", "eva", "iara", "lia", "bia", "olga"):
        _signed_in(scene, browser, name, people[name].id)
    _cases(scene, browser, people)
    _replayed(scene, browser, ana)
    selling.one_tried_again(ana)
    _asked_for(scene, browser)
    _read_lists(scene, browser)
    scene.places |= {f"sale{n}": str(ana.sale_id(one)) for n, one in enumerate(SOLD)}
    scene.places["link"] = hub.link(people["iara"].id).rpartition("/")[2]
    return scene


@dataclass(frozen=True)
class _Someone:
    id: UUID
    shop: NewTenant | None


def _people(hub: Hub) -> dict[str, _Someone]:
    found = {}
    for name, called, shop, locale in (
        ("ana", "Ana Ribeiro", "Cursos da Ana", "pt_BR"),
        ("beto", "Beto Nunes", "Beto's Guitar School", "en"),
        ("clara", "Clara Dias", "Escola da Clara", "pt_BR"),
        ("dora", "Dora Lopes", "Doces da Dora", "pt_BR"),
        ("eva", "Eva Prado", "Ateliê da Eva", "pt_BR"),
        ("iara", "Iara Moura", "Horta da Iara", "pt_BR"),
        ("lia", "Lia Teles", "Papelaria da Lia", "pt_BR"),
    ):
        made = hub.shop(shop)
        user = hub.person(f"{name}@loja.example", called, Role.SELLER, [made.tenant_id], locale=locale)
        found[name] = _Someone(user, made)
    found["bia"] = _Someone(hub.person("bia@hub.example", "Bia Castro", Role.SUPPORT), None)
    found["olga"] = _Someone(
        hub.person("olga.da.operacao.com.nome.comprido@hub.example", "Olga Reis", Role.OPERATOR), None
    )
    return found


def _ana(scene: Scene, browser: Browser, ana: _Someone) -> Selling:
    """On a phone, in Portuguese, with Hotmart; her sales go the way that her setup made."""
    person = _set_up(scene, browser, "ana", ana, Given("hotmart", ANA, scene.hub.landing))
    path = _WEBHOOK.search(person.page.locator("#webhook-url").inner_text())
    setup = scene.places["setup_ana"]
    person.page.goto(f"{SETUPS}/{setup}/status")
    token = _EMBED.search(person.page.locator("#embed-snippet").text_content() or "")
    assert path is not None
    assert token is not None
    assert ana.shop is not None
    scene.places |= {"tenant": str(ana.shop.tenant_id), "token": token[1], "user": str(ana.id)}
    _leave(scene, person)
    return Selling(scene.hub, ana.shop.tenant_id, ana.shop.write_key, ANA, path[0], HOTTOK, DEMO_HOTMART.client_id)


def _beto(scene: Scene, browser: Browser, beto: _Someone) -> None:
    """On a phone, in English, with Kiwify."""
    _leave(scene, _set_up(scene, browser, "beto", beto, Given("kiwify", BETO, scene.hub.landing), "en"))


def _set_up(scene: Scene, browser: Browser, name: str, who: _Someone, given: Given, locale: str = "pt_BR") -> Person:
    person = arrive(browser, scene.hub.origin, locale=locale, size=PHONE)
    person.page.goto(scene.hub.link(who.id))
    hand = Hand(person)
    SettingUp(hand, given).all()
    scene.counts[given.checkout] = hand.done()
    scene.places[f"setup_{name}"] = person.page.url.partition("?")[0].rpartition("/")[2]
    scene.states[name] = person.context.storage_state()
    return person


def _leave(scene: Scene, person: Person) -> None:
    scene.noise += person.noise
    person.context.close()


def _signed_in(scene: Scene, browser: Browser, name: str, user_id: UUID) -> None:
    person = arrive(browser, scene.hub.origin)
    enter(person, scene.hub.link(user_id))
    scene.states[name] = person.context.storage_state()
    _leave(scene, person)


def _sales(scene: Scene, ana: Selling) -> None:
    selling.of_every_fate(ana)


def _cases(scene: Scene, browser: Browser, people: dict[str, _Someone]) -> None:
    """Clara's nobody has taken, Dora's is Bia's; Eva's plan waits for her."""
    shops = {name: one.shop for name, one in people.items() if one.shop is not None}
    made = {
        "clara": troubles.clara(scene.hub, shops["clara"], _window(scene, browser, "clara")),
        "dora": troubles.dora(scene.hub, shops["dora"], _window(scene, browser, "dora")),
        "eva": troubles.eva(scene.hub, shops["eva"]),
        "iara": begin(scene.hub, shops["iara"], "880000000000014"),
    }
    for name, setup in made.items():
        scene.places[f"setup_{name}"] = setup.id
    scene.places |= {f"case_{name}": _case_of(scene.hub, made[name]) for name in ("clara", "dora")}
    troubles.bia(_window(scene, browser, "bia"), scene.places["case_dora"])


def _window(scene: Scene, browser: Browser, name: str) -> Person:
    return arrive(browser, scene.hub.origin, size=WIDE, state=scene.states[name])


def _case_of(hub: Hub, setup: Setup) -> str:
    [(found,)] = hub.stack.rows("SELECT id FROM setup_handoffs WHERE session_id = %s", setup.id)
    return str(found)


def _asked_for(scene: Scene, browser: Browser) -> None:
    """A buyer wants to be forgotten; Ana looks up what there is of them."""
    person = _window(scene, browser, "ana")
    person.page.goto("/app/privacy")
    person.page.locator("#f-value").fill(_BUYER)
    person.press("Show what there is")
    person.page.wait_for_url(re.compile(r"/privacy/[0-9a-f-]{36}"))
    scene.places["request"] = person.page.url.partition("?")[0].rpartition("/")[2]
    _leave(scene, person)


def _read_lists(scene: Scene, browser: Browser) -> None:
    """The operator has the list that Ana's platform keeps read again."""
    person = _window(scene, browser, "olga")
    person.page.goto(f"/ops/reconciliation?tenant_id={scene.places['tenant']}")
    person.page.locator('form[method="post"][action*="/ops/reconciliation"] button').first.click()
    person.page.wait_for_url(re.compile(r"/reconciliation/[0-9a-f-]{36}"))
    scene.places["run"] = person.page.url.partition("?")[0].rpartition("/")[2]
    scene.hub.until("SELECT finished_at IS NOT NULL FROM reconciliation_runs WHERE id = %s", scene.places["run"])
    _leave(scene, person)


def _replayed(scene: Scene, browser: Browser, ana: Selling) -> None:
    """Meta is mended, and two of the five refused sales are sent again by clicking."""
    scene.hub.mend(ana.dataset)
    person = _window(scene, browser, "ana")
    page = person.page
    page.goto("/app/sales/dead-letters")
    for at in (0, 1):
        page.locator('.t-letters input[name="ids"]').nth(at).check()
    person.press("Send the selected again…")
    person.press("Send again now")
    expect(page.locator("#replay-state")).to_have_text(person.say("Done"))
    scene.places["replay"] = page.url.rpartition("/")[2]
    _leave(scene, person)
