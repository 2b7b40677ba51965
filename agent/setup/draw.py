"""``python -m agent.setup.draw``: the graph as it is, drawn into ``docs/setup.md`` between its two marks."""

from pathlib import Path

from agent.setup.graph import build

DOCUMENT = Path(__file__).parents[2] / "docs" / "setup.md"
_BEGIN, _END = "```mermaid\n", "```\n"
_HANDLER = "__error_handler__"


def drawn() -> str:
    """Mermaid's text: solid where code leads on, dotted where a node decides. What breaks is left out: it goes to
    ``compensate`` or ``finish`` from every node."""
    lines = ["graph TD"]
    edges = {(edge.source, edge.target, edge.conditional) for edge in build(None).get_graph().edges}
    for source, target, is_conditional in sorted(edges):
        if _HANDLER not in source and _HANDLER not in target:
            lines.append(f"    {_name(source)} {'-.->' if is_conditional else '-->'} {_name(target)}")
    return "\n".join(lines) + "\n"


def document(text: str) -> str:
    """The document's text with the drawing of today."""
    before, _, rest = text.partition(_BEGIN)
    return before + _BEGIN + drawn() + _END + rest.partition(_END)[2]


def _name(node: str) -> str:
    return {"__start__": "start([start])", "__end__": "stop([end])"}.get(node, node)


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text()))
