"""docs/errors.md tells every code there is."""

from api.error_table import DOCUMENT, document


def test_the_table_is_what_the_classes_say() -> None:
    assert document() == DOCUMENT.read_text(), "run `python -m api.error_table`"
