"""The end of a scenario without what differs from run to run: no ids, times, references or prices."""

import hashlib
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from evals.agent.cast import Cast
from evals.agent.sellers.browser import Browser
from evals.simulators.meta.state import State as MetaState
from tracking_core.configuration.spec import Spec
from tracking_core.models import (
    ConfigurationState,
    MetaConnection,
    SecretState,
    SetupHandoff,
    SetupSession,
    Tenant,
    TrackingConfiguration,
    VaultSecret,
    WebhookEndpoint,
)


class State(BaseModel):
    """``handoffs`` are ``state:reason``; ``vault`` the kinds that a check has proved, ``kept`` those that were given;
    ``purchases`` what Meta took for the dataset; ``webhooks`` what is registered at the gateway."""

    state: str
    stages: dict[str, str]
    configuration: dict[str, Any] | None
    consent_mode: str
    connections: list[str]
    endpoints: list[str]
    handoffs: list[str]
    vault: list[str]
    kept: list[str]
    purchases: int
    webhooks: int

    @property
    def digest(self) -> str:
        """Equal for equal ends. What was only kept depends on how often a seller had to say it."""
        said = orjson.dumps(self.model_dump(exclude={"kept"}), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()[:16]


async def state_of(session: AsyncSession, browser: Browser, cast: Cast) -> State:
    owner = await session.get_one(SetupSession, browser.session_id)
    tenant = await session.get_one(Tenant, browser.tenant_id)
    secrets = await _secrets(session, browser.session_id)
    return State(
        state=owner.state,
        stages={name: stage["status"] for name, stage in owner.stages.items()},
        configuration=await _configuration(session, browser.tenant_id),
        consent_mode=tenant.consent_mode,
        connections=await _connections(session, browser.tenant_id),
        endpoints=await _endpoints(session, browser.tenant_id),
        handoffs=await _handoffs(session, browser.session_id),
        vault=sorted({row.kind for row in secrets if row.state == SecretState.VERIFIED}),
        kept=sorted({row.kind for row in secrets if row.state != SecretState.REVOKED}),
        purchases=purchases_of(browser.world.meta, cast),
        webhooks=sum(len(listed) for listed in browser.world.vendors.webhooks.values()),
    )


async def _configuration(session: AsyncSession, tenant_id: UUID) -> dict[str, Any] | None:
    query = select(TrackingConfiguration).where(
        TrackingConfiguration.tenant_id == tenant_id, TrackingConfiguration.state == ConfigurationState.ACTIVE
    )
    active = (await session.scalars(query)).first()
    if active is None:
        return None
    spec = Spec.from_json(active.spec)
    return {
        "version": active.version,
        "dataset": spec.dataset.dataset_id,
        "name": spec.dataset.dataset_name,
        "test_event_code": spec.dataset.test_event_code,
        "browser_events": list(spec.dataset.browser_events),
        "endpoints": [
            {
                "gateway": one.gateway,
                "account": one.account_id,
                "is_registered": one.is_registered,
                "has_secret": one.secret_ref is not None,
                "credentials": sorted(one.credentials),
            }
            for one in spec.endpoints
        ],
        "consent_mode": spec.consent_mode,
        "landing_url": spec.landing_url,
    }


async def _connections(session: AsyncSession, tenant_id: UUID) -> list[str]:
    rows = await session.scalars(select(MetaConnection).where(MetaConnection.tenant_id == tenant_id))
    return sorted(f"{row.dataset_id}:{'closed' if row.disabled_at else row.state}" for row in rows)


async def _endpoints(session: AsyncSession, tenant_id: UUID) -> list[str]:
    rows = await session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.tenant_id == tenant_id))
    return sorted(f"{row.gateway}:{'closed' if row.disabled_at else 'open'}" for row in rows)


async def _handoffs(session: AsyncSession, session_id: UUID) -> list[str]:
    query = select(SetupHandoff).where(SetupHandoff.session_id == session_id)
    return [f"{row.state}:{row.reason}" for row in await session.scalars(query.order_by(col(SetupHandoff.created_at)))]


async def _secrets(session: AsyncSession, session_id: UUID) -> list[VaultSecret]:
    return list((await session.scalars(select(VaultSecret).where(VaultSecret.session_id == session_id))).all())


def purchases_of(meta: MetaState, cast: Cast) -> int:
    """Each once, as Meta counts them."""
    return sum(
        one["dataset_id"] == cast["dataset"] and one["event"]["event_name"] == "Purchase" and not one["duplicate"]
        for one in meta.events
    )
