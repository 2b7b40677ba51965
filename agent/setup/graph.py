"""The setup graph: who goes where. Drawn from here in ``docs/setup.md``."""

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.setup.context import SetupContext
from agent.setup.nodes.applying import APPLY, COMPENSATE, FINISH, PROVE, apply, compensate
from agent.setup.nodes.checks import probe_landing, set_preferences, validate_gateway, validate_meta
from agent.setup.nodes.ending import NODE_OF, after_check, broken, finish, route
from agent.setup.nodes.planning import APPROVE, PLAN, REFRESH, ROUTE, approve, plan, refresh
from agent.setup.nodes.proving import prove
from agent.setup.state import SetupState

# Raised when a node's name or the meaning of a state's key changes: sessions remember with which one they began.
GRAPH_VERSION = 1
SetupGraph = CompiledStateGraph[SetupState, SetupContext, SetupState, SetupState]
_CHECKS = {
    "validate_gateway": validate_gateway,
    "validate_meta": validate_meta,
    "probe_landing": probe_landing,
    "set_preferences": set_preferences,
}


def build(saver: BaseCheckpointSaver[Any] | None) -> SetupGraph:
    """The compiled graph. Run it with ``durability="sync"`` and under the session's lease only."""
    graph = StateGraph(SetupState, context_schema=SetupContext)
    graph.add_edge(START, ROUTE)
    graph.add_node(ROUTE, route, destinations=tuple(sorted(set(NODE_OF.values()))))
    for name, check in _CHECKS.items():
        graph.add_node(name, check, error_handler=broken)
        graph.add_conditional_edges(name, after_check, [PLAN, FINISH])
    graph.add_node(PLAN, plan, error_handler=broken, destinations=(APPROVE, FINISH))
    graph.add_node(APPROVE, approve, destinations=(REFRESH, ROUTE, FINISH))
    graph.add_node(REFRESH, refresh, error_handler=broken, destinations=(APPLY, PLAN))
    graph.add_node(APPLY, apply, error_handler=broken, destinations=(APPLY, PROVE, COMPENSATE, FINISH))
    graph.add_node(PROVE, prove, error_handler=broken, destinations=(PROVE, COMPENSATE, FINISH))
    graph.add_node(COMPENSATE, compensate, destinations=(COMPENSATE, FINISH))
    graph.add_node(FINISH, finish)
    graph.add_edge(FINISH, END)
    return graph.compile(checkpointer=saver, name="setup")
