"""What code says by itself."""

import pytest

from agent.chat.speaking import after
from agent.chat.toolbox import ResultStatus, ToolResult
from tests.basic.conftest import facts_of

QUEUED = ToolResult(status=ResultStatus.QUEUED)
DUE = ({"due_from": "seller", "message": "Informe as credenciais."},)


@pytest.mark.parametrize("due", [(), DUE])
def test_nothing_is_done_and_nothing_is_next_while_something_is_under_way(due: tuple[dict[str, str], ...]) -> None:
    refused = ToolResult(status=ResultStatus.REFUSED, message="Falta o dataset.")
    said = after([refused, QUEUED], facts_of(due=due))
    assert said == "Falta o dataset. Ainda estou verificando. O resultado aparece aqui assim que chegar."


@pytest.mark.parametrize(("is_owed", "end"), [(False, "chegam à Meta sozinhas."), (True, "não chegam sozinhas.")])
def test_sales_arrive_by_themselves_once_the_gateway_was_told_where(is_owed: bool, end: str) -> None:
    said = after([], facts_of(state="done", is_webhook_owed=is_owed))
    assert said.startswith("Está tudo configurado e comprovado.")
    assert said.endswith(end)
