"""LangGraph graphs, routing, approval, escalation and handoff. Imports tools and tracking_core only."""
