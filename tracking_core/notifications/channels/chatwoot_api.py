"""The calls of Chatwoot's application API that a handoff needs. Source: controllers and swagger of Chatwoot itself."""

from collections.abc import Mapping
from typing import Any

from tracking_core.kit.json_http import Answer, JsonClient
from tracking_core.notifications.channels.http_failures import failure_of, unreadable
from tracking_core.notifications.kinds import Failed
from tracking_core.settings import Settings

ANSWER_LIMIT_BYTES = 4_194_304  # twenty messages of a conversation, each with a whole case


class Refused(Exception):
    """A call that did not do what was asked."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.error)
        self.failed = failed


class ChatwootApi:
    """Every method raises Refused."""

    def __init__(self, http: JsonClient, settings: Settings) -> None:
        self._http = http
        self._root = f"{settings.chatwoot_url}/api/v1"
        self._account = f"/accounts/{settings.chatwoot_account_id}"
        self._inbox_id = settings.chatwoot_inbox_id
        self._headers = {"api_access_token": settings.chatwoot_token.get_secret_value()}

    async def user_id(self) -> int | None:
        """Whose the token is."""
        return _id(self._object(await self._call("GET", "/profile")))

    async def contact_by_identifier(self, identifier: str) -> int | None:
        """The search is by parts of words over several fields."""
        said = await self._call("GET", f"{self._account}/contacts/search", query={"q": identifier})
        return next((_id(one) for one in _listed(self._object(said)) if one.get("identifier") == identifier), None)

    async def create_contact(self, contact: Mapping[str, Any]) -> int | None:
        """None when an identifier, address or number is another contact's already, or is none."""
        answer = await self._answer("POST", f"{self._account}/contacts", {"inbox_id": self._inbox_id, **contact})
        if answer.status == 422:
            return None
        payload = self._object(_checked(answer)).get("payload")
        made = payload.get("contact") if isinstance(payload, dict) else None
        return self._need_id(answer, made)

    async def conversations_of(self, contact_id: int) -> list[dict[str, Any]]:
        """The newest twenty."""
        return _listed(self._object(await self._call("GET", f"{self._account}/contacts/{contact_id}/conversations")))

    async def create_conversation(self, contact_id: int, source_id: str, attributes: Mapping[str, str]) -> int:
        body = {
            "inbox_id": self._inbox_id,
            "contact_id": contact_id,
            "source_id": source_id,
            "custom_attributes": attributes,
            "status": "open",
        }
        answer = await self._call("POST", f"{self._account}/conversations", body)
        return self._need_id(answer, answer.fields)

    async def status_of(self, conversation_id: int) -> str:
        return str(self._object(await self._call("GET", self._conversation(conversation_id))).get("status"))

    async def has_message(self, conversation_id: int, source_id: str) -> bool:
        """Among the newest twenty."""
        said = await self._call("GET", self._conversation(conversation_id, "/messages"))
        return any(one.get("source_id") == source_id for one in _listed(self._object(said)))

    async def create_message(self, conversation_id: int, content: str, source_id: str, *, is_incoming: bool) -> None:
        """A private note, or, of an API inbox, what the contact said."""
        kind = {"message_type": "incoming"} if is_incoming else {"message_type": "outgoing", "private": True}
        body = {"content": content, "source_id": source_id, **kind}
        await self._call("POST", self._conversation(conversation_id, "/messages"), body)

    async def set_priority(self, conversation_id: int, priority: str) -> None:
        await self._call("POST", self._conversation(conversation_id, "/toggle_priority"), {"priority": priority})

    async def add_labels(self, conversation_id: int, labels: list[str]) -> None:
        """Chatwoot takes the whole list, so those that people gave are read first."""
        path = self._conversation(conversation_id, "/labels")
        given = self._object(await self._call("GET", path)).get("payload")
        present = [str(one) for one in given] if isinstance(given, list) else []
        if missing := [one for one in labels if one not in present]:
            await self._call("POST", path, {"labels": [*present, *missing]})

    async def set_status(self, conversation_id: int, status: str) -> None:
        await self._call("POST", self._conversation(conversation_id, "/toggle_status"), {"status": status})

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None
    ) -> Answer:
        return _checked(await self._answer(method, path, body, query=query))

    async def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None
    ) -> Answer:
        return await self._http.call(method, f"{self._root}{path}", headers=self._headers, query=query, body=body)

    def _conversation(self, conversation_id: int, rest: str = "") -> str:
        return f"{self._account}/conversations/{conversation_id}{rest}"

    def _object(self, answer: Answer) -> dict[str, Any]:
        if not isinstance(answer.json, dict):
            raise Refused(unreadable(answer))
        return answer.fields

    def _need_id(self, answer: Answer, made: object) -> int:
        identifier = _id(made)
        if identifier is None:
            raise Refused(unreadable(answer))
        return identifier


def _checked(answer: Answer) -> Answer:
    if failed := failure_of(answer):
        raise Refused(failed)
    return answer


def _id(said: object) -> int | None:
    found = said.get("id") if isinstance(said, dict) else None
    return found if isinstance(found, int) else None


def _listed(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    payload = said.get("payload")
    return [one for one in payload if isinstance(one, dict)] if isinstance(payload, list) else []
