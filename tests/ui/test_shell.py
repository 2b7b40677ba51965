"""What every page has: headers, static files, errors in words, the way to where somebody's work is."""

import gzip
import re

import httpx
import pytest

from api.ui import static_files
from api.ui.rendering import TEMPLATES
from tests.ui.conftest import SignIn
from tracking_core.models import Role


def _address(name: str) -> str:
    return static_files.address(name)


async def test_a_page_may_load_only_ours_and_nobody_may_frame_it(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_a_page_names_is_there_and_stays_for_ever(anybody: httpx.AsyncClient) -> None:
    body = (await anybody.get("/sign-in")).text
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', body)
    assert len(named) >= 3
    for address in named:
        answer = await anybody.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


async def test_a_file_comes_compressed_to_who_takes_it(anybody: httpx.AsyncClient) -> None:
    address = _address("app.css")
    plain = await anybody.get(address, headers={"Accept-Encoding": "identity"})
    async with anybody.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 2


async def test_a_page_comes_compressed_to_who_takes_it_and_its_length_tells_nothing(sign_in: SignIn) -> None:
    seller = await sign_in(Role.SELLER)
    plain = await seller.get("/app/account", headers={"Accept-Encoding": "identity"})
    assert ("content-encoding" in plain.headers, "Accept-Encoding" in plain.headers["vary"]) == (False, True)
    sizes = set()
    for _ in range(8):
        async with seller.stream("GET", "/app/account", headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) == len(raw) < len(plain.content) / 2
        assert gzip.decompress(raw).endswith(b"</html>")
        sizes.add(len(raw))
    assert len(sizes) > 2


@pytest.mark.parametrize("name", ["app.css", "operations.css"])
def test_dark_by_choice_is_dark_by_the_system(name: str) -> None:
    """In a style sheet as it is served; it says its dark tokens once."""
    source, served = (TEMPLATES.parent / "static" / name).read_text(), static_files.files()[name].body.decode()
    chosen = re.findall(r':root\[data-theme="dark"\] (\{.*?\n\})', served, re.DOTALL)
    system = re.findall(
        r'@media \(prefers-color-scheme: dark\) \{\n:root:not\(\[data-theme="light"\]\) (\{.*?\n\})\n\}',
        served,
        re.DOTALL,
    )
    assert chosen == system
    assert len(system) == 1
    assert "prefers-color-scheme" not in source


async def test_what_is_there_already_is_not_sent_again(anybody: httpx.AsyncClient) -> None:
    """Modules that others import are asked for without their digest, each time."""
    first = await anybody.get("/static/announcing.js")
    again = await anybody.get("/static/announcing.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


async def test_an_older_digest_is_not_kept(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/static/app.css?v=000000000000")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "../pages.py", "..%2f..%2fsettings.py", "vendor"])
async def test_nothing_else_is_read(anybody: httpx.AsyncClient, name: str) -> None:
    assert (await anybody.get(f"/static/{name}")).status_code == 404


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/app?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fapp%3Fx%3D1")


async def test_a_page_that_is_not_there_says_so_in_the_readers_language(anybody: httpx.AsyncClient) -> None:
    for language, word in (("pt-BR", "não existe"), ("en", "is not here")):
        answer = await anybody.get("/sign-in/nowhere/at/all", headers={"Accept-Language": language})
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert word in answer.text


async def test_everybody_is_led_to_their_work(sign_in: SignIn) -> None:
    for role, path in ((Role.SELLER, "/app"), (Role.SUPPORT, "/desk"), (Role.OPERATOR, "/ops")):
        answer = await (await sign_in(role)).get("/")
        assert answer.headers["location"] == path


async def test_a_language_and_a_theme_are_remembered(anybody: httpx.AsyncClient) -> None:
    assert 'lang="pt-BR"' in (await anybody.get("/sign-in")).text
    answer = await anybody.post("/preferences", data={"locale": "en", "theme": "dark", "back": "/sign-in?next=/app"})
    assert answer.headers["location"] == "/sign-in?next=/app"
    body = (await anybody.get("/sign-in")).text
    assert 'lang="en"' in body
    assert 'data-theme="dark"' in body


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_led_away(anybody: httpx.AsyncClient, back: str) -> None:
    answer = await anybody.post("/preferences", data={"theme": "dark", "back": back})
    assert answer.headers["location"] == "/"


async def test_a_form_of_another_site_is_refused(anybody: httpx.AsyncClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await anybody.post("/preferences", data={"theme": "dark"}, headers=headers)
        assert answer.status_code == 403


async def test_a_form_without_its_token_is_refused(sign_in: SignIn) -> None:
    seller = await sign_in(Role.SELLER)
    assert (await seller.post("/preferences", data={"theme": "dark"})).status_code == 403
    tokens = [re.findall(r'name="csrf" value="([0-9a-f]{64})"', (await seller.get("/app")).text)[0] for _ in range(2)]
    assert tokens[0] != tokens[1]  # a page is compressed: what is secret in it looks another each time
    for token in tokens:
        answer = await seller.post("/preferences", data={"theme": "dark", "csrf": token})
        assert answer.status_code == 303
    another = re.findall(r'name="csrf" value="([0-9a-f]{64})"', (await (await sign_in(Role.SELLER)).get("/app")).text)[
        0
    ]
    for wrong in (another, f"{int(tokens[0], 16) ^ 1:064x}", tokens[0][:-2], "ü" * 64, "g" * 64):
        assert (await seller.post("/preferences", data={"theme": "dark", "csrf": wrong})).status_code == 403
