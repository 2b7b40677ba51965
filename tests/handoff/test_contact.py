"""How to reach the seller: checked, sealed, and opened only where it belongs."""

import pytest
from pydantic import ValidationError

from tests.handoff.conftest import Case
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.handoff.contact import Contact, contact_of, keep_contact
from tracking_core.models import SetupSession
from tracking_core.tenants import service as tenants

ANA = Contact(name=" Ana Lima ", email="Ana@Loja.Example", phone="(11) 97123-6548")


def test_it_is_kept_in_one_form() -> None:
    assert ANA.model_dump() == {"name": "Ana Lima", "email": "ana@loja.example", "phone": "+5511971236548"}
    assert Contact(name="A", phone="0800 729 0722").phone == "+558007290722"
    assert Contact(name="A", phone="+351 912 345 678").phone == "+351912345678"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Ana"},
        {"name": "", "email": "ana@loja.example"},
        {"name": "Ana", "email": "ana"},
        {"name": "Ana", "email": "ana@loja.example, bia@loja.example"},
        {"name": "Ana", "phone": "97123"},
        {"name": "Ana", "phone": "ligue para mim"},
        {"name": "Ana", "email": "ana@loja.example", "cpf": "1"},
    ],
)
def test_what_reaches_nobody_is_refused_and_not_repeated(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Contact.model_validate(wrong)
    assert "97123" not in str(refused.value)
    assert "ligue" not in str(refused.value)


def test_it_shows_in_no_repr() -> None:
    assert not any(part in repr(ANA) for part in ("Ana", "loja", "5511"))


async def test_sealed_it_opens_in_its_own_session_only(case: Case, other: Case) -> None:
    async with transaction() as session:
        mine, theirs = [await session.get_one(SetupSession, one.session_id) for one in (case, other)]
        ciphers = [tenants.cipher_of(await tenants.get(session, one.tenant_id)) for one in (case, other)]
        assert contact_of(mine, ciphers[0]) is None
        keep_contact(mine, ANA, ciphers[0])
        assert contact_of(mine, ciphers[0]) == ANA
        assert mine.contact is not None
        assert b"ana" not in mine.contact.lower()
        theirs.contact = mine.contact
        for cipher in ciphers:
            with pytest.raises(ConfigurationError):
                contact_of(theirs, cipher)
        theirs.contact = None
