"""Screenshots in the browser: chosen, pasted or dropped, shown on their way, taken back, sent."""

from playwright.sync_api import FilePayload, Locator, Route, expect

from tests.journey.endpoint import Endpoint
from tests.screenshots import pictures
from tests.ui_chat.live.looking import Chat


def _tray(chat: Chat) -> Locator:
    return chat.page.get_by_role("list", name="Imagens para enviar").get_by_role("listitem")


def _choose(chat: Chat, data: bytes, name: str = "tela.png") -> None:
    payload = FilePayload(name=name, mimeType="image/png", buffer=data)
    chat.page.get_by_label("Anexar captura de tela").set_input_files(payload)


def test_a_picture_is_chosen_pasted_and_dropped_and_goes_with_the_words(chat: Chat, model: Endpoint) -> None:
    _choose(chat, pictures.png(), "um.png")
    chat.paste(pictures.jpeg(), "dois.jpg", "image/jpeg")
    chat.drop(pictures.webp(), "tres.webp", "image/webp")
    expect(_tray(chat)).to_have_count(3)
    for name in ("um.png", "dois.jpg", "tres.webp"):
        shown = _tray(chat).filter(has_text=name)
        expect(shown.get_by_role("progressbar")).to_be_hidden()
        assert shown.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    chat.say("olha isto")
    expect(_tray(chat)).to_have_count(0)
    sent = chat.messages.first
    expect(sent.get_by_role("img", name="Captura de tela")).to_have_count(3)
    for at in range(3):
        image = sent.get_by_role("img").nth(at)
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    expect(chat.own).to_have_count(0)
    [kept] = chat.shop.rows("attachments", "setup_messages", "created_at LIMIT 1")
    assert len(kept[0]) == 3


def test_the_way_of_a_picture_is_seen_and_the_words_wait_for_it(chat: Chat, model: Endpoint) -> None:
    held: list[Route] = []
    chat.page.route("**/chat/screenshots", lambda route: held.append(route))
    chat.paste(pictures.png())
    expect(_tray(chat).get_by_role("progressbar")).to_be_visible()
    chat.say("com imagem")
    expect(chat.own).to_contain_text("Enviando…")
    expect(chat.messages).to_have_count(0)
    held[0].continue_()
    chat.sees("com imagem")
    expect(chat.messages.first.get_by_role("img")).to_have_count(1)


def test_a_picture_that_is_taken_back_is_deleted(chat: Chat, model: Endpoint) -> None:
    _choose(chat, pictures.png())
    expect(_tray(chat).get_by_role("progressbar")).to_be_hidden()
    with chat.page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        chat.page.get_by_role("button", name="Remover tela.png").click()
    assert deleted.value.status == 204
    expect(_tray(chat)).to_have_count(0)
    expect(chat.page.get_by_label("Anexar captura de tela")).to_be_focused()
    expect(chat.page.locator("#announcer")).to_have_text("A imagem foi removida.")
    assert chat.shop.rows("state, sealed", "setup_screenshots", "created_at") == [("discarded", None)]
    chat.say("sem imagem")
    chat.sees("sem imagem")
    expect(chat.messages.first.get_by_role("img")).to_have_count(0)


def test_what_is_no_picture_or_too_large_is_told_in_words_and_holds_the_words_back(chat: Chat, model: Endpoint) -> None:
    _choose(chat, b"<script>alert(1)</script>", "virus.png")
    expect(_tray(chat)).to_contain_text("Este arquivo não é uma imagem")
    _choose(chat, pictures.png().ljust(5_242_881, b"\0"), "grande.png")
    expect(_tray(chat).nth(1)).to_contain_text("mais de 5 MB")
    chat.field.fill("e agora?")
    chat.field.press("Enter")
    expect(chat.page.get_by_text("Remova a imagem que não chegou")).to_be_visible()
    expect(chat.field).to_have_value("e agora?")
    expect(chat.messages).to_have_count(0)
    for name in ("virus.png", "grande.png"):
        chat.page.get_by_role("button", name=f"Remover {name}").click()
    for number in range(6):
        _choose(chat, b"x", f"{number}.png")
    expect(_tray(chat)).to_have_count(5)
    expect(chat.page.get_by_text("no máximo 5 imagens")).to_be_visible()
    expect(_tray(chat).filter(has_text="não é uma imagem")).to_have_count(5)
    chat.noise.clear()  # the browser tells of answers that say no
