"""Labels keep their text around a contact."""

import pytest

from tracking_core.identity.labels import without_contact


@pytest.mark.parametrize("contact", ["ana@x.example", "+5511987654321", "+55 (11) 98765-4321", "390.533.447-05"])
def test_a_label_keeps_its_text_around_a_contact(contact: str) -> None:
    assert without_contact(f"news|{contact}|maio") == "news|***|maio"


@pytest.mark.parametrize(
    "label", ["120210000000000001", "vídeo 1 | frio", "+120210000000000001", "h0123456789", "1.234-5"]
)
def test_other_labels_stay_as_they_are(label: str) -> None:
    assert without_contact(label) == label
