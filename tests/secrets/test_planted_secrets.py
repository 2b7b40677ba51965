"""No secret and no buyer in clear: values planted in a full run are searched in all that the hub wrote or said."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from tests.secrets import planted, search
from tests.secrets.echoing_meta import EchoingMeta
from tests.secrets.hub import Hub
from tests.secrets.journey import Journey

pytestmark = pytest.mark.timeout(300)
_KEY_FILE = "secrets.keys"
# runtime.json hands the keys and addresses to the other commands; like the others it is its owner's only.
_PRIVATE_FILES = (_KEY_FILE, "runtime.json", "postgres.password", "redis.password", "redis.conf")
_NAMES = [one.name for one in planted.planted("a-secret-key")]


@dataclass(frozen=True, slots=True)
class Run:
    """``places`` is all that was left behind, ``modes`` the permissions of the files that hold the hub's own keys."""

    secret_key: str
    places: dict[str, bytes]
    own_secrets: dict[str, bytes]
    modes: dict[str, int]
    sent_to_meta: bytes
    tokens: set[str]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="hub-secrets-", ignore_cleanup_errors=True) as name, EchoingMeta() as meta:
        folder = Path(name)
        folder.chmod(0o755)
        hub = Hub(folder, meta.url)
        hub.start()
        try:
            journey = Journey(hub, meta)
            journey.run()
            with Redis.from_url(hub.runtime()["redis_url"]) as redis:
                redis.set(planted.CONTROL, "a key like any other")
            places, own = search.evidence(hub), _own_secrets(hub)
            modes = {one: (folder / one).stat().st_mode & 0o777 for one in _PRIVATE_FILES if (folder / one).exists()}
        finally:
            hub.stop()
        places |= search.files(folder, but=[_KEY_FILE])
        yield Run(journey.secret_key, places, own, modes, b"\n".join(meta.bodies), meta.tokens)


def _own_secrets(hub: Hub) -> dict[str, bytes]:
    runtime = hub.runtime()
    return {
        "key-encryption key": runtime["secrets_keys"].partition(":")[2].encode(),
        "PostgreSQL's password": (hub.folder / "postgres.password").read_bytes().strip(),
        "Redis's password": (hub.folder / "redis.password").read_bytes().strip(),
    }


def test_the_run_was_real(run: Run) -> None:
    """What is not found below was there to be found: it arrived, hashed; tokens were used; errors were not foreseen."""
    assert run.tokens == {planted.TOKEN, planted.NEW_TOKEN}
    for value in (planted.EMAIL, planted.PHONE.lstrip("+")):
        assert _digest(value) in run.sent_to_meta.decode()
        assert search.places_of([_digest(value).encode()], run.places)
    api, worker = run.places["log api.log"], run.places["log worker.log"]
    assert b"request_crashed" in api
    assert b"webhook_forged" in api
    assert b"sales_batch_failed" in worker
    assert b"Traceback" in worker
    assert b"violates check constraint" in run.places["log postgres.log"]
    assert b"Traceback" in run.places["commands' output"]
    assert b"***" in run.places["table dispatch_attempts.response"]


@pytest.mark.parametrize(
    "place",
    [
        "table conversions.sale_id",
        "table deliveries.payload",
        "table conversions.facts",
        "table tracking_events.url",
        "log api.log",
        "HTTP answers",
        "Redis commands",
        "Redis keys and values",
        "file postgres/",
    ],
)
def test_the_search_finds_a_harmless_value_that_went_the_same_ways(run: Run, place: str) -> None:
    assert any(found.startswith(place) for found in search.places_of([planted.CONTROL.encode()], run.places))


@pytest.mark.parametrize("form", sorted(planted.Planted("e-mail", (planted.EMAIL,)).forms()))
def test_the_search_finds_every_form_of_a_value(form: bytes) -> None:
    assert search.places_of(planted.Planted("e-mail", (planted.EMAIL,)).forms(), {"here": b"\0a" + form + b"b"})


@pytest.mark.parametrize("name", _NAMES)
def test_a_planted_value_stands_nowhere_in_clear(run: Run, name: str) -> None:
    [value] = [one for one in planted.planted(run.secret_key) if one.name == name]
    assert search.places_of(value.forms(), run.places) == []


def test_a_log_names_nobody_by_hash_or_address_either(run: Run) -> None:
    """The database needs these to match and to send; a log needs them for nothing, not even in an error."""
    logs = {place: content for place, content in run.places.items() if place.startswith("log ")}
    # PostgreSQL cuts the values it shows, so half a hash must do.
    hashes = [_digest(value)[:32] for value in (planted.EMAIL, planted.PHONE.lstrip("+"))]
    for form in (*hashes, planted.IP):
        assert search.places_of([form.encode()], run.places) != []
        assert (form, search.places_of([form.encode()], logs)) == (form, [])


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_the_hub_s_own_keys_stand_only_in_files_that_only_their_owner_reads(run: Run) -> None:
    for name, secret in run.own_secrets.items():
        found = [place.removeprefix("file ") for place in search.places_of([secret], run.places)]
        assert (name, [place for place in found if Path(place).name not in _PRIVATE_FILES]) == (name, [])
    assert run.modes == dict.fromkeys(run.modes, 0o600)
