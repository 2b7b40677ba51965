"""What the nodes are given at run time and what no checkpoint keeps."""

from dataclasses import dataclass, field

import httpx

from tools.context import ToolContext


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupContext:
    """One session in the hands of one worker, under its fence. ``http`` speaks to the hub's own edge."""

    tool: ToolContext
    http: httpx.AsyncClient = field(repr=False)
