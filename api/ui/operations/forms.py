"""What the console's forms ask for: the API's own questions, with days as a calendar field sends them and one box that
finds a sale by whatever is known of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api.field_errors import field_error, localised
from api.routes.operations_queries import SalesQuery
from api.ui.rendering import Lenient
from tracking_core.errors import InvalidRequest
from tracking_core.handoff.sla import ZONE

Asked = TypeVar("Asked", bound=BaseModel)
BY = ("order", "email", "click_id")
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Form:
    """``fields`` as they were sent, to be shown again; ``errors`` are sentences by the field's name."""

    fields: Mapping[str, str]
    locale: str
    errors: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """What is wrong with a field is told beside it, and what was to be read is not."""
        try:
            yield
        except ValidationError as wrong:
            self._told([field_error(item) for item in wrong.errors()])
        except InvalidRequest as wrong:
            self._told(wrong.errors)

    def read(self, model: type[Asked]) -> Asked:
        """Raises ValidationError. Names that the model does not know are somebody else's, and blanks are not asked."""
        return model.model_validate({**_days(self._known(model))})

    def sales(self, by: str) -> SalesQuery:
        """The ledger's question, with the search box as ``by``. Raises ValidationError."""
        box = self.fields.get("q", "").strip()
        known = {name: value for name, value in self._known(SalesQuery).items() if name not in BY}
        return SalesQuery.model_validate({**_days(known), **({by: box} if box else {})})

    def but(self, **other: str | None) -> dict[str, str | None]:
        """What was asked, with some of it otherwise: for a link to the same of something else."""
        return {**self.fields, **other}

    @property
    def shown(self) -> Lenient:
        return Lenient(self.fields)

    @property
    def wrong(self) -> Lenient:
        return Lenient(self.errors)

    def _known(self, model: type[BaseModel]) -> dict[str, str]:
        return {name: value for name, value in self.fields.items() if name in model.model_fields and value.strip()}

    def _told(self, errors: list[dict[str, str]]) -> None:
        for one in errors:
            name = one["field"].rpartition(".")[2]
            self.errors["q" if name in BY else name] = localised(one, self.locale)["message"]


def guessed(fields: Mapping[str, str]) -> str:
    """By what the search box finds a sale: as it was decided before, else an e-mail by its sign, else an order."""
    if fields.get("by") in BY:
        return fields["by"]
    return "email" if "@" in fields.get("q", "") else "order"


def midnight(day: str, *, days_on: int = 0) -> str | None:
    """The beginning in São Paulo of what a calendar field names; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(day) + _DAY * days_on, time(), ZONE).isoformat()
    except (ValueError, OverflowError):
        return None


def _days(fields: Mapping[str, str]) -> dict[str, Any]:
    """A day begins at its midnight where the sellers are, and a period ends with its last day."""
    read: dict[str, Any] = dict(fields)
    for name, days_on in (("since", 0), ("until", 1)):
        if name in read and len(read[name]) == len("2026-01-31"):
            read[name] = midnight(read[name], days_on=days_on) or read[name]
    return read
