"""Whether a password is made of what everybody tries first: common words, runs of a keyboard, years, one's own name.

No list of leaked passwords: with at least twelve characters, those on such lists are made of these pieces.
"""

import re
from collections.abc import Iterable

# So many characters must be left when the pieces that anybody guesses are taken away.
_UNGUESSED = 6
_SHORTEST_RUN, _SHORTEST_OWN = 3, 3
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "147258369",
    "!@#$%&*()",
    "!@#$%^&*()",
)
_WORDS = frozenset(
    """
    password passwort passw0rd pass senha senhas secret secreta segredo segura seguro acesso entrar admin administrador
    administrator root user usuario teste test testing trocar mudar mude change changeme letmein welcome bemvindo
    default padrao login master hello iloveyou teamo amor love princess princesa monkey dragon sunshine football futebol
    baseball soccer superman batman pokemon naruto starwars computer computador internet google facebook instagram
    whatsapp iphone samsung brasil brazil portugal saopaulo corinthians flamengo palmeiras santos gremio vasco cruzeiro
    deus jesus cristo jesuscristo familia feliz felicidade vida alegria maria joao jose ana carlos paulo pedro lucas
    gabriel mateus rafael bruno bruna fernanda juliana empresa company loja shop vendas sales hotmart kiwify meta hub
    summer winter spring autumn verao inverno janeiro fevereiro marco abril maio junho julho agosto setembro outubro
    novembro dezembro january february march april june july august september october november december segunda
    trustno abc xyz minha meu seu sua nova novo the and com
    """.split()  # noqa: SIM905 - read as a text
)
_LEET = str.maketrans("@430157$!", "aaeoistsi")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_guessable(password: str, own: Iterable[str] = ()) -> bool:
    """``own`` is what is known of the person: name and e-mail. Takes time in proportion to the length."""
    unit = _repeated(password.casefold())
    words = _WORDS | {one for said in own for one in re.split(r"[\W_]+", said.casefold()) if len(one) >= _SHORTEST_OWN}
    return _unguessed(unit, words) < _UNGUESSED


def _repeated(text: str) -> str:
    """The shortest text that gives this one when it is repeated."""
    period = (text + text).find(text, 1)
    return text[:period] if 0 < period < len(text) else text


def _unguessed(text: str, words: frozenset[str]) -> int:
    """The fewest characters that no piece covers."""
    plain = text.translate(_LEET)
    longest = max(map(len, words))
    best = [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        costs = [best[end - 1] + 1]
        for start in range(max(0, end - max(longest, 26)), end - 2):
            if plain[start:end] in words or text[start:end] in words or _is_known(text[start:end]):
                costs.append(best[start])
        best[end] = min(costs)
    return best[-1]


def _is_known(piece: str) -> bool:
    if len(piece) < _SHORTEST_RUN:
        return False
    if _YEAR.fullmatch(piece) or len(set(piece)) == 1:
        return True
    return any(piece in run or piece in run[::-1] for run in _RUNS)
