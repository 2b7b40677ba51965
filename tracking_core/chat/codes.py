"""Sentences of the chat itself."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class ChatCode(StrEnum):
    SECRET_PROTECTED = "chat_secret_protected"  # noqa: S105 - the code's name
    PERSONAL_MASKED = "chat_personal_masked"
    BASIC_MODE = "chat_basic_mode"
    AI_MODE = "chat_ai_mode"
    NOT_ANSWERED = "chat_not_answered"
    BUDGET_SPENT = "chat_budget_spent"
    SCREENSHOT_SECRET = "chat_screenshot_secret"  # noqa: S105


MEANINGS: dict[ChatCode, Meaning] = {
    ChatCode.SECRET_PROTECTED: Meaning(
        Fault.NOBODY,
        "I kept the credential from your message in the vault: nobody sees it in this chat, and no model reads it.",
        "Next time use the safe field. If others saw the message, make a new credential in the provider's panel.",
    ),
    ChatCode.PERSONAL_MASKED: Meaning(
        Fault.NOBODY, "I hid a document or card number in your message: the setup does not need it."
    ),
    ChatCode.BASIC_MODE: Meaning(
        Fault.NOBODY,
        "The writing assistant cannot be reached right now. I go on in basic mode: short answers and menus, and every"
        " check works as before.",
    ),
    ChatCode.AI_MODE: Meaning(Fault.NOBODY, "The writing assistant is back."),
    ChatCode.NOT_ANSWERED: Meaning(
        Fault.HUB,
        "I could not answer your message because something broke on our side. Nothing you did was lost.",
        "Write it once more, or ask to talk to a person.",
    ),
    ChatCode.BUDGET_SPENT: Meaning(
        Fault.NOBODY,
        "This setup has used up its share of the writing assistant. I go on in basic mode: short answers and menus.",
    ),
    ChatCode.SCREENSHOT_SECRET: Meaning(
        Fault.SELLER,
        "A credential was visible in your screenshot, so I deleted the picture without keeping it.",
        "Make a new credential in the provider's panel, and send a picture without it if you still need help.",
    ),
}
