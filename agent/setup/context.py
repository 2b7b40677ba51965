"""What the nodes are given at run time and what no checkpoint keeps."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tools.context import ToolContext
from tracking_core.configuration.context import ApplyContext, nothing
from tracking_core.configuration.ports import WebhookRegistrar


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupContext:
    """One session in the hands of one worker, under its fence. ``http`` speaks to the hub's own edge; ``checkpoint``
    is called at the named points of an action (tests end the process there)."""

    tool: ToolContext
    http: httpx.AsyncClient = field(repr=False)
    registrar: WebhookRegistrar = field(repr=False)
    checkpoint: Callable[[str], None] = field(default=nothing, repr=False)

    def applying(self) -> ApplyContext:
        """What applying and undoing an action need."""
        return ApplyContext(
            session_id=self.tool.session_id,
            tenant_id=self.tool.tenant_id,
            fence=self.tool.fence,
            actor=self.tool.actor,
            settings=self.tool.settings,
            registrar=self.registrar,
            locale=self.tool.locale,
            checkpoint=self.checkpoint,
        )
