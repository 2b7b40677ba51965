"""Cut what is secret out of a message, and out of the one before it when it began there."""

from collections.abc import Callable, Sequence

from tracking_core.safety.split import Piece, SplitFinding


def cut(texts: Sequence[str], found: Sequence[SplitFinding], stands_for: Callable[[SplitFinding], str]) -> list[str]:
    """The texts, in the order that was scanned, with every piece of a finding replaced. Of pieces that overlap in an
    earlier message the later finding wins."""
    pieces = [(piece, stands_for(one)) for one in found for piece in one.pieces]
    return [
        _cut(text, [(piece, name) for piece, name in pieces if piece.message == at]) for at, text in enumerate(texts)
    ]


def _cut(text: str, pieces: list[tuple[Piece, str]]) -> str:
    end = len(text)
    for piece, name in sorted(pieces, key=lambda one: one[0].start, reverse=True):
        if piece.end <= end:
            text = text[: piece.start] + name + text[piece.end :]
            end = piece.start
    return text
