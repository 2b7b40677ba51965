"""The buyer as Hotmart writes it in each of its payload shapes, and how its test buyers look."""

from tracking_core.gateways.fields import Fields
from tracking_core.gateways.hotmart import tables
from tracking_core.gateways.sale_event import Buyer

_BRAZIL_CALLING_CODE = "55"


def buyer_of(data: Fields) -> Buyer:
    """Of a purchase or a cart. The country is the address's, else the one the checkout was made for."""
    buyer, address = data.child("buyer"), data.child("buyer").child("address")
    checkout_country = data.child("purchase").child("checkout_country") or data.child("checkout_country")
    country = address.country("country_iso") or checkout_country.country("iso")
    return Buyer(
        email=buyer.text("email"),
        phone=_checkout_phone(buyer, country),
        document=buyer.text("document"),
        full_name=buyer.text("name"),
        first_name=buyer.text("first_name"),
        last_name=buyer.text("last_name"),
        city=address.text("city"),
        state=address.text("state"),
        zip_code=address.text("zipcode"),
        country=country,
        ip=data.ip("buyer_ip"),
    )


def subscriber_of(data: Fields) -> Buyer:
    """Of a subscription notice; a plan switch names only the e-mail."""
    subscriber = data.child("subscriber")
    email = subscriber.text("email") or data.child("subscription").child("user").text("email")
    return Buyer(email=email, phone=_subscriber_phone(subscriber), full_name=subscriber.text("name"))


def is_test(data: Fields) -> bool:
    """Whether this is Hotmart's own test delivery: its fixed transaction or one of its made-up buyers."""
    if data.child("purchase").text("transaction") == tables.TEST_TRANSACTION:
        return True
    people = (data.child("buyer"), data.child("subscriber"), data.child("subscription").child("user"))
    return any(_is_test_person(person) for person in people)


def joined_phone(code: str | None, number: str | None, *, country: str | None) -> str | None:
    """Area code and number as one, without saying the code twice: Hotmart sends ``11`` with ``11912345678`` too.

    A number of ten digits and more that starts with the code has it already; so has any such Brazilian number,
    unless the code is the country's. Shorter ones that start with the code's digits do so by chance.
    """
    if not number or not code:
        return number
    area, digits = _digits(code).lstrip("0"), _digits(number)
    if not area or not digits or number.startswith("+"):
        return number
    is_national = len(digits) >= 10
    if is_national and digits.startswith((area, _BRAZIL_CALLING_CODE + area)):
        return number
    if is_national and country in (None, "BR") and area != _BRAZIL_CALLING_CODE:
        return number
    return area + digits


def _checkout_phone(buyer: Fields, country: str | None) -> str | None:
    number = buyer.text("checkout_phone") or buyer.text("phone")
    return joined_phone(buyer.text("checkout_phone_code"), number, country=country)


def _subscriber_phone(subscriber: Fields) -> str | None:
    phone = subscriber.child("phone")
    if cell := phone.text("cell"):
        return joined_phone(phone.text("dddCell"), cell, country=None)
    return joined_phone(phone.text("dddPhone"), phone.text("phone"), country=None) or subscriber.text("phone")


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def _is_test_person(person: Fields) -> bool:
    email, name = person.text("email"), person.text("name")
    return bool((email and email.lower() in tables.TEST_EMAILS) or (name and name.lower() == tables.TEST_BUYER_NAME))
