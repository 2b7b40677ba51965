"""What pages, routes and commands use of the alerts. Nothing here commits.

Reads take a ``Scope``: one tenant's, or ``EVERYONE``, which for alerts is all there are and for objectives and budgets
the hub's own.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts import progress
from tracking_core.alerts.budgets import Budget, BurnRate, Condition, budgets
from tracking_core.alerts.handling import SilenceView, acknowledge, end_silence, silence, silences
from tracking_core.alerts.listing import TABLE, AlertView, alert, list_alerts, open_alerts
from tracking_core.alerts.registry import OBJECTIVES, Code, Objective, Reach
from tracking_core.alerts.setting import NumberView, ObjectiveChange, ObjectiveView, objectives, set_objective

__all__ = [
    "OBJECTIVES",
    "TABLE",
    "AlertView",
    "Budget",
    "BurnRate",
    "Code",
    "Condition",
    "NumberView",
    "Objective",
    "ObjectiveChange",
    "ObjectiveView",
    "Reach",
    "SilenceView",
    "acknowledge",
    "alert",
    "budgets",
    "end_silence",
    "evaluated_at",
    "list_alerts",
    "objectives",
    "open_alerts",
    "set_objective",
    "silence",
    "silences",
]


async def evaluated_at(session: AsyncSession) -> datetime | None:
    """When everything was last looked at. Long ago means that no scheduler runs, and that nobody would be told."""
    return (await progress.read(session)).get(progress.EVALUATED)
