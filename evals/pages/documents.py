"""Figures in the documents: a Markdown table between two marks, put there by the command that measured it."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


def put(path: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """In place of what stands between ``<!-- name -->`` and ``<!-- /name -->``. Raises ValueError without the marks."""
    lines = [headings, ["---"] * len(headings), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    opened, closed = f"<!-- {name} -->", f"<!-- /{name} -->"
    text, found = re.subn(
        f"{re.escape(opened)}.*?{re.escape(closed)}",
        lambda _: f"{opened}\n{table}\n{closed}",
        path.read_text(),
        flags=re.DOTALL,
    )
    if found != 1:
        raise ValueError(f"{path} has no place for {name}")
    path.write_text(text)
