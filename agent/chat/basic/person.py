"""Whether a seller asks for a person. Asked before any model: who asks for a person always gets one."""

import re

from agent.chat.basic.folding import clauses_of


def _any(*words: str) -> str:
    return "(?:" + "|".join(" ".join(words).split()) + ")"


# Somebody of ours in flesh and blood, whatever stands around the word.
_HUMAN = _any(r"human[oa]s? umano humnao atendentes? atendete atendnete antendente operador operadora human humans")
# Somebody, if it is asked for.
_SOMEBODY = _any(
    r"pess?oa pesoa alguem alguen suporte equipe time gente tecnico gerente supervisora? responsavel especialista",
    r"consultora? person somebody someone anyone support agent representative rep manager staff team",
)
_TALK = _any(
    r"falar falo falr flar conversar conversa contato contatar ligar ligacao atendid[oa] atendimento",
    r"talk speak chat contact speaking talking",
)
_BRING = _any(
    r"chama\w{0,9} chame xama passa passar passe transfer\w{0,9} encaminh\w{0,9} coloca coloque bota",
    r"aciona\w{0,9} conecta\w{0,9} chamem",
    r"connect get put call give bring escalate hand",
)
_WANT = _any(r"quero qro kero queria preciso presiso prefiro gostaria exijo want need prefer") + "(?: would like)?"
_SMALL = _any(
    r"com um uma o a de do da por favor para me algum alguma esse essa seu sua logo ja ai",
    r"to with an the your some real through",
)
_SOMEONE_SMALL = rf"(?: {_SMALL}){{0,8}} "
_REAL = "(?:de verdade|real|de carne e osso|de voces|humana|humano|viva)"
# Somebody else's people.
_OF_OTHERS = re.compile(
    rf"\b(?:{_SOMEBODY}|{_HUMAN})(?: \w++)? (?:da|do|de|na|no|at|of|from) (?:minha |meu |my |the )?"
    + _any(
        "hotmart kiwify meta facebook eduzz banco loja site pagina agencia vendas marketing trafego bank shop agency"
    )
    + r"\b|\b(?:hotmart|kiwify|meta|facebook) (?:support|suporte|team|rep)\b"
)
_NOT = _any("nao nunca sem nem not without no")
_REFUSED = re.compile(rf"\b{_NOT}(?: \w++){{0,4}}? (?:{_HUMAN}|{_SOMEBODY}|{_TALK}|ninguem|nobody)\b")
_TIRED_OF_A_MACHINE = re.compile(
    r"\bnao (?:quero|vou|aguento)(?: mais)? (?:ficar )?(?:falar|falando|conversar|conversando) com "
    r"(?:um |uma |o |a |esse |essa |este )?(?:robo|bot|maquina|ia|inteligencia artificial)\b"
    r"|\bdo not want to (?:talk|speak|chat) (?:to|with) (?:a |this )?(?:bot|robot|machine|ai)\b"
)
_ASKED = re.compile(
    "|".join(
        rf"\b{pattern}\b"
        for pattern in (
            rf"{_TALK}{_SOMEONE_SMALL}(?:{_HUMAN}|{_SOMEBODY})",
            rf"{_BRING}{_SOMEONE_SMALL}(?:{_HUMAN}|{_SOMEBODY})",
            rf"{_WANT}(?: \w++){{0,3}}? {_HUMAN}",
            rf"{_WANT}{_SOMEONE_SMALL}(?:suporte|pess?oa|atendimento|support|person|agent|representative)",
            rf"{_WANT} que (?:alguem|uma pess?oa|um atendente)",
            r"(?:atendimento|suporte|ajuda|apoio|assistente) human[oa]|human (?:support|help|agent|being)",
            rf"(?:pess?oa|gente|alguem|suporte|atendente) {_REAL}|(?:real|actual|live) (?:person|human|agent)",
            rf"(?:tem|tme|ha|existe) (?:\w++ )?(?:{_HUMAN}|alguem|pess?oa) (?:ai|aqui|disponivel|para)",
            r"(?:anyone|anybody|someone|somebody) (?:there|here)",
            rf"(?:cade|onde esta|where is) (?:o |a |the )?(?:{_HUMAN}|suporte|support)",
        )
    )
)
# The whole of a clause.
_ALONE = re.compile(
    rf"(?:(?:um|uma|a|o|an) )?(?:{_HUMAN}|pess?oa|suporte|support|alguem ai|representative|agent)"
    rf"(?: {_any('por favor please ja agora now urgente humano humana real ai')}){{0,8}}"
)


def asks_for_person(text: str) -> bool:
    """In pt-BR or English, as sellers write it; not when they speak of people, of the support of others, or say that
    they need nobody."""
    return any(_asks(" ".join(words)) for words in clauses_of(text))


def _asks(clause: str) -> bool:
    if _TIRED_OF_A_MACHINE.search(clause) or _ALONE.fullmatch(clause):
        return True
    if _OF_OTHERS.search(clause) or _REFUSED.search(clause):
        return False
    return _ASKED.search(clause) is not None
