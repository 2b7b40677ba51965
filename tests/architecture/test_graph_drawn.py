"""The picture of the setup graph is the graph."""

from agent.setup.draw import DOCUMENT, document


def test_the_document_draws_the_graph_of_the_code() -> None:
    text = DOCUMENT.read_text()
    assert text == document(text), "draw it again: python -m agent.setup.draw"
