"""The threat model names only what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
_PLACE = re.compile(r"`([\w./-]+/[\w./-]+|requirements\.lock)`")


def test_every_module_and_test_it_names_exists() -> None:
    named = [place for place in _PLACE.findall(TEXT) if not place.startswith("/")]
    assert len(named) > 60
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_every_threat_has_something_against_it_and_a_test_that_shows_it() -> None:
    section = TEXT[TEXT.index("## Surface by surface") : TEXT.index("## Headers")]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ")][1:]
    rows = [row for row in rows if not set("".join(row)) <= set(" -")]
    assert len(rows) > 25
    for row in rows:
        assert len(row) == 5, row
        assert row[2].strip(), row
        assert _PLACE.search(row[3]), row
        assert "`tests/" in row[4], row
