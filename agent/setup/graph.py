"""The setup graph: who goes where. Drawn from here in ``docs/setup.md``."""

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.setup.context import SetupContext
from agent.setup.nodes.applying import APPLY, COMPENSATE, FINISH, PROVE, apply, compensate
from agent.setup.nodes.checks import probe_landing, set_preferences, validate_gateway, validate_meta
from agent.setup.nodes.diagnosing import DIAGNOSE, ESCALATE, diagnose, escalate
from agent.setup.nodes.ending import NODE_OF, Node, finish, guarded, route
from agent.setup.nodes.planning import APPROVE, PLAN, REFRESH, ROUTE, approve, plan, refresh
from agent.setup.nodes.proving import prove
from agent.setup.state import SetupState

SetupGraph = CompiledStateGraph[SetupState, SetupContext, SetupState, SetupState]
# Where each node may lead, for the drawing and for nothing else: nodes lead by what they return.
_NODES: dict[str, tuple[Node, tuple[str, ...]]] = {
    "validate_gateway": (validate_gateway, (DIAGNOSE,)),
    "validate_meta": (validate_meta, (DIAGNOSE,)),
    "probe_landing": (probe_landing, (DIAGNOSE,)),
    "set_preferences": (set_preferences, (DIAGNOSE,)),
    PLAN: (plan, (APPROVE, DIAGNOSE)),
    APPROVE: (approve, (REFRESH, ROUTE, DIAGNOSE)),
    REFRESH: (refresh, (APPLY, PLAN)),
    APPLY: (apply, (APPLY, PROVE, COMPENSATE, DIAGNOSE)),
    PROVE: (prove, (PROVE, COMPENSATE, DIAGNOSE)),
    COMPENSATE: (compensate, (COMPENSATE, DIAGNOSE)),
    DIAGNOSE: (diagnose, (ESCALATE, FINISH)),
    ESCALATE: (escalate, (FINISH,)),
}


def build(saver: BaseCheckpointSaver[Any] | None) -> SetupGraph:
    """The compiled graph. Run it with ``durability="sync"`` and under the session's lease only."""
    graph = StateGraph(SetupState, context_schema=SetupContext)
    graph.add_edge(START, ROUTE)
    graph.add_node(ROUTE, route, destinations=tuple(sorted(set(NODE_OF.values()))))
    for name, (node, destinations) in _NODES.items():
        graph.add_node(name, guarded(name, node), destinations=destinations)
    graph.add_node(FINISH, finish, destinations=(PLAN, END))
    return graph.compile(checkpointer=saver, name="setup")
