"""A case to tell of: a tenant, a setup session, a handoff with its file and notes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.handoff.contact import Contact, keep_contact
from tracking_core.handoff.notes import NoteKind, add
from tracking_core.handoff.package import HandoffPackage
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import AuditEntry, Notification, SetupHandoff, SetupSession, Tenant
from tracking_core.notifications.kinds import Channel, Kind
from tracking_core.notifications.message import Message
from tracking_core.notifications.outbox import announce
from tracking_core.secrets.keyring import cipher_for
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

SELLER = {"name": "Maria Souza", "email": "maria@loja.example", "phone": "+5511988887777"}
SAID = "O pixel <img src=http://evil.example/x.png> não [funciona](http://evil.example) *mesmo*"


def package(handoff_id: UUID, session_id: UUID, tenant_id: UUID, tenant: str, at: datetime) -> dict[str, Any]:
    """In the schema of the case file, checked by it."""
    when = at.isoformat()
    link = f"http://127.0.0.1:8000/setup/sessions/{session_id}"
    made = {
        "version": 1,
        "case": {
            "id": str(handoff_id),
            "created_at": when,
            "priority": "P2",
            "due_at": when,
            "locale": "pt_BR",
            "link": link,
        },
        "reason": {"code": "repeated_failure", "sentence": "Falhou de novo.", "failure": None, "failure_message": None},
        "customer": {"tenant_id": str(tenant_id), "name": tenant, "has_contact": True},
        "progress": {
            "goal": "Enviar as vendas.",
            "step": "meta",
            "stages": [
                {
                    "stage": "gateway",
                    "label": "credenciais do gateway",
                    "is_working": True,
                    "status": "verified",
                    "code": None,
                    "message": None,
                    "at": when,
                }
            ],
        },
        "last_said": {"text": SAID, "at": when},
        "attempts": [
            {
                "action": "validate_meta_token",
                "input": {"dataset_id": "123"},
                "state": "failed",
                "code": "meta_token_invalid",
                "message": None,
                "count": 3,
                "first_at": when,
                "last_at": when,
            }
        ],
        "evidence": {"outcomes": [], "page": {}, "screenshots": []},
        "external_state": {
            "configuration_version": None,
            "plan_waiting": None,
            "applied": [],
            "undo_checklist": [{"text": "Remova o webhook no painel.", "needs_person": True}],
        },
        "next_step": {"text": "Responda no chat.", "playbook": None, "answered": []},
        "conversation": {"summary": ["Linha um do resumo."], "messages": [], "omitted": 0, "link": link},
        "give_back": [
            {
                "action": "resolve",
                "label": "Encerrar",
                "method": "POST",
                "path": f"/api/v1/handoffs/{handoff_id}/resolve",
            }
        ],
    }
    return HandoffPackage.from_json(made).to_json()


def message(channel: Channel = Channel.WEBHOOK, kind: Kind = Kind.CREATED, **changes: Any) -> Message:
    """One that is not in the database."""
    now, handoff_id, session_id, tenant_id = clock.now(), new_id(), new_id(), new_id()
    given: dict[str, Any] = {
        "id": new_id(),
        "channel": channel,
        "kind": kind,
        "attempts": 1,
        "created_at": now,
        "handoff_id": handoff_id,
        "session_id": session_id,
        "tenant_id": tenant_id,
        "tenant_name": "Loja da Maria",
        "state": "open",
        "reason": "repeated_failure",
        "priority": "P2",
        "due_at": now + timedelta(hours=2),
        "package_version": 1,
        "package": package(handoff_id, session_id, tenant_id, "Loja da Maria", now),
        "contact": SELLER,
    }
    return Message(**given | changes)


class Case:
    """One handoff in the database, and what is told of it."""

    def __init__(self, handoff: SetupHandoff, settings: Settings) -> None:
        self.handoff, self.settings = handoff, settings
        self.id = handoff.id

    async def tell(self, kind: Kind, key: str = "", *, note: str = "", state: str = "") -> list[Notification]:
        async with transaction() as session:
            handoff = await session.get_one(SetupHandoff, self.id, with_for_update=True)
            handoff.state = state or handoff.state
            if note:
                is_sellers = kind is Kind.SELLER_SAID
                noted = NoteKind.SELLER_SAID if is_sellers else NoteKind.REPLIED
                add(handoff, noted, "seller" if is_sellers else "Ana", clock.now(), text=note)
            key = key or f"{kind}-{len(handoff.notes)}"
            return await announce(session, handoff, kind, key=key, settings=self.settings, now=clock.now())

    async def rows(self, channel: Channel | None = None) -> list[Notification]:
        """In the order they were announced."""
        query = select(Notification).where(Notification.handoff_id == self.id)
        if channel:
            query = query.where(Notification.channel == channel.value)
        async with transaction() as session:
            found = await session.scalars(query.order_by(col(Notification.created_at), col(Notification.id)))
            return list(found.all())


async def open_case(settings: Settings, *, name: str = "Loja da Maria", tenant_id: UUID | None = None) -> Case:
    async with transaction() as session:
        if tenant_id is None:
            tenant_id = (await tenants.create(session, name, actor="test")).tenant_id
        tenant = await session.get_one(Tenant, tenant_id)
        owner = SetupSession(tenant_id=tenant.id, created_by="test")
        keep_contact(owner, Contact.model_validate(SELLER), cipher_for(tenant.id, tenant.wrapped_data_key))
        session.add(owner)
        await session.flush()
        now, handoff_id = clock.now(), new_id()
        handoff = SetupHandoff(
            id=handoff_id,
            session_id=owner.id,
            tenant_id=tenant.id,
            reason="repeated_failure",
            priority="P2",
            package=package(handoff_id, owner.id, tenant.id, name, now),
            due_at=now + timedelta(hours=2),
        )
        session.add(handoff)
    return Case(handoff, settings)


async def audited(action: str) -> list[AuditEntry]:
    async with transaction() as session:
        return list((await session.scalars(select(AuditEntry).where(AuditEntry.action == action))).all())
