"""A person's browser without a browser: pages read, forms sent as they stand in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role
from tracking_core.users import links
from tracking_core.users import service as users

ORIGIN = "http://127.0.0.1"


@dataclass(frozen=True)
class Page:
    answer: httpx.Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.answer.text)

    @property
    def text(self) -> str:
        """Of the page's main part, with single spaces."""
        found = self.tree.css_first("main")
        return " ".join(found.text(separator=" ").split()) if found else self.answer.text

    def all(self, selector: str) -> list[str]:
        return [" ".join(node.text(separator=" ").split()) for node in self.tree.css(selector)]

    def link(self, text: str) -> str:
        """The address of the first link that says this."""
        for node in self.tree.css("main a"):
            if text in node.text() and node.attributes.get("href"):
                return str(node.attributes["href"])
        raise AssertionError(f"no link says {text!r}")

    def form(self, action: str) -> dict[str, Any]:
        """The fields of the form that goes there, as they stand."""
        for form in self.tree.css("form"):
            if action in str(form.attributes.get("action", "")):
                return _fields(form)
        raise AssertionError(f"no form goes to {action}")


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, reading English."""

    client: httpx.AsyncClient

    async def get(self, path: str, /, **asked: Any) -> Page:
        return Page(await self.client.get(path, params=asked or None))

    async def send(self, page: Page, action: str, **fields: Any) -> Page:
        """Send the form of the page that goes to ``action``, with these fields otherwise, and follow."""
        address = next(
            str(form.attributes["action"])
            for form in page.tree.css("form")
            if action in str(form.attributes.get("action", ""))
        )
        data = {**page.form(action), **fields}
        return Page(await self.client.post(address, data=_given(data), follow_redirects=True))


async def signed_in(client: httpx.AsyncClient, role: Role, *, shops: tuple[UUID, ...] = ()) -> Person:
    """A new person of the role in this browser."""
    name = new_hex()
    async with transaction() as session:
        user = await users.invite(session, f"{name}@example.com", name, role, actor="test", tenants=shops, locale="en")
        token = await links.issue(session, user, now=clock.now())
    answer = await client.post(f"/sign-in/link/{token}")
    assert answer.status_code == 303
    return Person(client)


def _fields(form: LexborNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in form.css("input[name]"):
        said = node.attributes
        if said.get("type") == "checkbox" and "checked" not in said:
            continue
        found.setdefault(str(said["name"]), []).append(said.get("value") or "")
    for node in form.css("select[name]"):
        chosen = node.css_first("option[selected]") or node.css_first("option")
        found[str(node.attributes["name"])] = chosen.attributes.get("value") or "" if chosen else ""
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in found.items()}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
