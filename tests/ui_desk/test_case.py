"""One case on one screen: everything that is known of it, and nothing that a page must not run."""

from tests.handoff.conftest import Case
from tests.ui_desk.conftest import Person


async def test_everything_is_on_one_screen(bia: Person, case: Case) -> None:
    await case.hears("não entendo o token")
    await case.logs(output={"params": {}})
    handoff, _ = await case.open()
    answer = await bia.get(f"/{handoff.id}")
    assert answer.status_code == 200, answer.text
    print(answer.text)
