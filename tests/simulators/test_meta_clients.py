"""Meta's own SDK as a client."""

import time
from collections.abc import Iterator

import httpx
import pytest
from facebook_business.adobjects.adspixel import AdsPixel
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.app_data import AppData
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.delivery_category import DeliveryCategory
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.extended_device_info import ExtendedDeviceInfo
from facebook_business.adobjects.serverside.gender import Gender
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.simulators.calls import DATASET, DAY, HASH, TOKEN, add_fault, taken

_SECRET, _PROVEN = "app-secret", "9100"


@pytest.fixture
def sdk(base_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FacebookAdsApi]:
    before = FacebookAdsApi.get_default_api()
    monkeypatch.setattr(FacebookSession, "GRAPH", base_url)
    api = FacebookAdsApi.init(access_token=TOKEN, crash_log=False, timeout=5)
    api._session.requests.trust_env = False
    yield api
    api._session.requests.close()
    FacebookAdsApi.set_default_api(before)


def sdk_event(event_id: str, *, event_time: int | None = None) -> Event:
    return Event(
        event_name="Purchase",
        event_time=event_time or int(time.time()),
        event_id=event_id,
        action_source=ActionSource.WEBSITE,
        user_data=UserData(email="Buyer@Example.com", external_id="USER-1"),
        custom_data=CustomData(value=197.9, currency="BRL"),
    )


def send(*events: Event, **more: str) -> int:
    answer = EventRequest(pixel_id=more.pop("pixel_id", DATASET), events=list(events), **more).execute()
    assert answer.fbtrace_id
    received: int = answer.events_received
    return received


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("count", [1, 25])
def test_the_official_sdk_sends_one_event_and_a_batch(meta: httpx.Client, count: int) -> None:
    sent = [f"sale-{at}" for at in range(count)]
    assert send(*map(sdk_event, sent)) == count
    found = [one["event"] for one in taken(meta)]
    assert [one["event_id"] for one in found] == sent
    assert found[0]["user_data"]["em"] == [HASH]


@pytest.mark.usefixtures("sdk")
def test_everything_the_official_sdk_knows_of_a_sale_is_taken(meta: httpx.Client) -> None:
    whole = sdk_event("whole")
    whole.user_data = UserData(
        emails=["buyer@example.com", "other@example.com"],
        phone="5511988887777",
        gender=Gender.FEMALE,
        first_name="Maria",
        last_name="Silva",
        date_of_birth="19860711",
        city="São Paulo",
        state="SP",
        zip_code="01310100",
        country_code="BR",
        client_ip_address="203.0.113.7",
        client_user_agent="Mozilla/5.0",
        fbc="fb.1.1700000000000.IwAR_a-B",
        fbp="fb.1.1700000000000.1234567890",
        lead_id="123456789012345",
    )
    course = Content(product_id="p-1", quantity=1, item_price=197.9, delivery_category=DeliveryCategory.HOME_DELIVERY)
    whole.custom_data = CustomData(
        value=197.9,
        currency="BRL",
        content_ids=["p-1"],
        content_type="product",
        contents=[course],
        num_items=1,
        order_id="HP1",
        custom_properties={"plan": "gold"},
    )
    whole.data_processing_options = ["LDU"]
    whole.data_processing_options_country = whole.data_processing_options_state = 0
    assert send(whole, test_event_code="TEST1", partner_agent="hub_0_1") == 1
    assert taken(meta)[0]["parameters"] == {"test_event_code": "TEST1", "partner_agent": "hub_0_1"}


@pytest.mark.usefixtures("sdk", "meta")
def test_an_app_event_of_the_official_sdk_is_taken() -> None:
    of_app = sdk_event("app")
    of_app.action_source = ActionSource.APP
    device = ExtendedDeviceInfo(ext_info_version="a2", app_package_name="com.example", os_version="14")
    for name in vars(device):
        if getattr(device, name) is None:
            setattr(device, name, "")
    of_app.app_data = AppData(advertiser_tracking_enabled=True, application_tracking_enabled=True, extinfo=device)
    assert send(of_app) == 1


@pytest.mark.usefixtures("sdk")
def test_the_official_sdk_reads_a_refusal(meta: httpx.Client) -> None:
    old = sdk_event("old", event_time=int(time.time()) - 8 * DAY)
    with pytest.raises(FacebookRequestError) as refused:
        send(sdk_event("good"), old)
    error = refused.value
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, 2804003)
    assert error.api_blame_field_specs() == [["data", 1, "event_time"]]
    assert taken(meta) == []


@pytest.mark.usefixtures("sdk")
def test_the_official_sdk_sees_a_passing_failure_as_transient(meta: httpx.Client) -> None:
    add_fault(meta, "graph_500")
    with pytest.raises(FacebookRequestError) as failed:
        send(sdk_event("later"))
    assert failed.value.api_transient_error() is True
    assert send(sdk_event("later")) == 1


@pytest.mark.usefixtures("sdk")
def test_the_official_sdk_proves_that_it_knows_the_app_secret(meta: httpx.Client, base_url: str) -> None:
    dataset = {"dataset_id": _PROVEN, "access_token": "EAAProven", "app_secret": _SECRET}
    assert meta.post("/_control/datasets", json=dataset).is_success
    for secret, is_taken in ((_SECRET, True), ("other", False)):
        api = FacebookAdsApi.init(access_token="EAAProven", app_secret=secret, crash_log=False, timeout=5)
        api._session.requests.trust_env = False
        if is_taken:
            assert send(sdk_event("proven"), pixel_id=_PROVEN) == 1
        else:
            with pytest.raises(FacebookRequestError):
                send(sdk_event("unproven"), pixel_id=_PROVEN)
        api._session.requests.close()
    assert [one["event"]["event_id"] for one in taken(meta)] == ["proven"]


def test_the_official_sdk_reads_the_dataset(sdk: FacebookAdsApi) -> None:
    pixel = AdsPixel(DATASET, api=sdk).api_get(fields=["id", "name"])
    assert (pixel["id"], pixel["name"]) == (DATASET, f"Dataset {DATASET}")
