"""The names under which sellers, panels, files and programs show a credential, in Portuguese and English."""

import re
from enum import StrEnum
from typing import Final


class Label(StrEnum):
    """``HARMLESS`` names something that is no secret but stands where one would be expected: an account ID."""

    HARMLESS = "harmless"
    CLIENT_ID = "client_id"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - a label's name
    APP_SECRET = "app_secret"  # noqa: S105
    ACCESS_TOKEN = "access_token"  # noqa: S105
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105
    API_KEY = "api_key"
    PASSWORD = "password"  # noqa: S105
    SECRET = "secret"  # noqa: S105
    TOKEN = "token"  # noqa: S105
    THING = "thing"  # "product", "order": harmless when nothing better stands near


# Those that say nothing of whose credential it is.
GENERIC: Final = frozenset({Label.SECRET, Label.TOKEN, Label.ACCESS_TOKEN, Label.API_KEY, Label.PASSWORD})
HARMLESS: Final = frozenset({Label.HARMLESS, Label.THING})

_THINGS = (
    "account|pixel|dataset|product|produto|order|pedido|offer|oferta|transaction|app|business|event|evento|user|session"
    "|click|external|item|message|webhook|plan|config|conta"
)
_SPELLINGS: Final = {
    Label.HARMLESS: [
        rf"(?:{_THINGS})~ids?",
        r"ids?~d[aoe]s?~(?:conta|pixel|conjunto|produto|pedido|oferta|evento|app|aplicativo|sess[aã]o|webhook|transa..o)",
        r"c[oó]digo~d[oae]~(?:pedido|teste|evento|transa..o|oferta|rastreio)",
        r"test~event~code",
        r"chave~pix",
        r"plan~hash",
    ],
    Label.CLIENT_ID: [r"client~ids?", r"ids?~d[oe]~client[e]?", r"identificador~d[oe]~client[e]?", r"consumer~key"],
    Label.CLIENT_SECRET: [
        r"client~secret~key",
        r"(?:client|consumer)~secrets?",
        r"(?:segredo|secret|chave~secreta|senha)~d[oe]~client[e]?(?:~id)?",
    ],
    Label.APP_SECRET: [
        r"app~secret~proof",
        r"(?:app|facebook|meta)~secrets?",
        r"(?:chave~secreta|segredo|secret)~d[oe]~(?:app|aplicativo|aplica..o)(?:~(?:da~)?(?:meta|facebook))?",
    ],
    Label.ACCESS_TOKEN: [
        r"(?:access|refresh|id|oauth)~tokens?",
        r"tokens?~de~acesso",
        r"(?:meta|facebook|fb|capi|system~user|page|pixel|app)~tokens?",
        r"tokens?~d[aeo]~(?:meta|facebook|capi|api~de~convers.es|convers.es|(?:usu.rio~d[eo]~)?sistema|p.gina|pixel)",
    ],
    Label.WEBHOOK_SECRET: [
        r"(?:x~hotmart~)?hot~?tok(?:en)?s?",
        r"webhook~(?:tokens?|secrets?|key|verify~token)",
        r"(?:tokens?|segredo|secret|chave)~d[oe]s?~webhooks?",
        r"(?:kiwify|hotmart)~tokens?",
        r"tokens?~d[ao]~(?:kiwify|hotmart)",
    ],
    Label.API_KEY: [r"api~keys?", r"chaves?~d[ae]~api", r"api~tokens?"],
    Label.PASSWORD: [r"senhas?", r"passwords?", r"passwd", r"passphrase", r"pwd", r"pass(?=[\"']?\s{0,2}[:=])"],
    Label.SECRET: [r"chaves?~secretas?", r"secret~keys?", r"segredos?", r"secrets?"],
    Label.TOKEN: [r"tokens?"],
    Label.THING: [
        r"produtos?",
        r"products?",
        r"pedidos?",
        r"orders?",
        r"ofertas?",
        r"offers?",
        r"checkouts?",
        r"event",
    ],
}


def _pattern() -> re.Pattern[str]:
    """One alternation; a word begins after no letter, or as in ``metaToken``."""
    kinds = "|".join(f"(?P<{label.value}>{'|'.join(forms)})" for label, forms in _SPELLINGS.items())
    begins = r"(?:(?<![A-Za-zÀ-ÿ])|(?<=(?-i:[a-z]))(?=(?-i:[A-Z])))"
    return re.compile(rf"{begins}(?:{kinds})(?![A-Za-zÀ-ÿ])".replace("~", r"[\s_.-]{0,2}"), re.IGNORECASE)


PATTERN: Final = _pattern()
# Nothing in PATTERN that matters to a log is without one of these: the cheap question first.
HINTS: Final = ("secret", "tok", "senha", "pass", "pwd", "client", "consumer", "key", "segredo", "chave")

_FILLERS = (
    "d[aoe]s?|n[ao]s?|em|as?|os?|um|uma|[eé]h?|meus?|minhas?|seus?|suas?|my|your|the|of|for|is|are|was|ser[aá]|s[aã]o|foi"
    "|in|on|here|aqui|est[aá]|segue|seguem|seguinte|abaixo|below|following|nov[oa]|new|gerad[oa]|copiei|peguei|que|eu|its"
    "|value|valor|conta|hotmart|kiwify|meta|facebook|fb|api|apps?|aplicativo|loja|painel|produ[cç][aã]o|production|prod"
    "|webhook|basic|bearer|correto|cert[oa]|atual|current|key|generated|agora|now|dele|dela|it|this|esse|este|essa|esta"
)
_BETWEEN = r"[\s\"'`*_|\\>()\[\]{}#]"
_SIGN = r":=|=>|->|→|[:=]|%3[AD]|%22|%20|&quot;|[–—-](?=\s)"
# From a label to its value: decoration, words that say nothing, signs.
GAP: Final = re.compile(
    rf"(?:{_BETWEEN}{{0,6}}+(?:\([^()\n]{{0,40}}\)|(?:{_FILLERS})(?![\wÀ-ÿ-])|{_SIGN})){{0,10}}+{_BETWEEN}{{0,8}}+",
    re.IGNORECASE,
)
SIGNED: Final = re.compile(r"[:=→]|->|%3[AD]|&quot;", re.IGNORECASE)
# "client id e client secret", "ID / segredo": labels whose values come after the last of them.
JOINED: Final = re.compile(
    r"[\s\"'`*_/|,;&+()\[\]-]{0,8}+"
    r"(?:(?:e|and|ou|or|o|a|os|as|meu|minha|the|my|d[ao]s?|hotmart|kiwify|meta|seu|your)(?![\wÀ-ÿ])[\s\"'`*_/|,;&+()\[\]-]{0,8}+)"
    r"{0,4}+",
    re.IGNORECASE,
)
