"""LangGraph graphs, routing, approval, escalation and handoff. Imports tools and tracking_core only."""

import os

# Before langgraph is imported: only the types our states name are ever rebuilt from a checkpoint, and nothing is traced
# to a service of the library's makers.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
os.environ.setdefault("LANGSMITH_TRACING", "false")
