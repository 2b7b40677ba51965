"""A seller played by a model: it knows what the persona knows, tells it bit by bit, and presses buttons with a word."""

import re
from typing import Any

import httpx

from evals.agent.answering import Model
from evals.agent.cast import Cast
from evals.agent.scenario import Persona, Scenario
from evals.agent.sellers.browser import Browser

_TURNS_MAX = 14
_APPROVE, _REJECT, _END = "[APROVAR]", "[RECUSAR]", "[FIM]"
_COMMAND = re.compile(r"\[(?:APROVAR|RECUSAR|FIM)\]")
_SPOKEN_CHARACTERS = 700
# A small model clings to command words that it has read: each is named only where it can be used.
_RULES = """\
Você faz o papel de um cliente que conversa com o assistente de configuração de um sistema de rastreamento de vendas.
Você é: {who}
O que você quer: {wants}
O que você sabe, e conta quando perguntam, copiando o valor exato:
{knows}
Escreva só a sua próxima mensagem, curta, como esse cliente escreveria, com no máximo dois desses valores. Não invente
valores."""
_PLAN_WAITS = f"(Um plano espera a sua decisão. Para aprovar, escreva só {_APPROVE}; para recusar, só {_REJECT}.)"
_MAY_END = f"(Se já conseguiu tudo o que quer, ou se desistiu, escreva apenas {_END}.)"
_TALKS_FIRST = 4


class Played:
    """Ends after a bounded number of turns, or when the persona says so."""

    def __init__(self, scenario: Scenario, cast: Cast, browser: Browser, model: Model) -> None:
        assert scenario.persona is not None
        self._browser, self._model = browser, model
        self._rules = _rules(scenario.persona, cast)
        self._talk: list[dict[str, str]] = []

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=self._model.patience_seconds, trust_env=False) as http:
            for _ in range(_TURNS_MAX):
                said = await self._next(http)
                if _END in said:
                    return
                await self._act(said)

    async def _act(self, said: str) -> None:
        if _APPROVE in said or _REJECT in said:
            is_decided = await self._browser.decide("approve" if _APPROVE in said else "reject")
            self._talk.append({"role": "assistant", "content": said})
            if is_decided:
                return
        text = _COMMAND.sub("", said).strip()[:_SPOKEN_CHARACTERS]
        if text:
            await self._browser.say(text)
            self._talk.append({"role": "assistant", "content": text})

    async def _next(self, http: httpx.AsyncClient) -> str:
        heard = await self._heard()
        self._talk.append({"role": "user", "content": heard})
        changes = self._model.changes
        body = {
            "model": changes["llm_model"],
            "messages": [{"role": "system", "content": self._rules}, *self._talk[-12:]],
            "temperature": changes.get("llm_temperature", 0.0),
            "seed": changes.get("llm_seed", 0),
            "max_tokens": 200,
        }
        key = changes["llm_api_key"].get_secret_value()
        answer = await http.post(
            f"{changes['llm_base_url']}/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}
        )
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return str(said["choices"][0]["message"]["content"] or _END)

    async def _heard(self) -> str:
        """What the page shows: the newest words to the seller, and whether a plan waits."""
        told = [await self._browser.newest_told() or "Olá! Como posso ajudar com a sua configuração?"]
        if (await self._browser.status())["plan"]:
            told.append(_PLAN_WAITS)
        elif len(self._talk) > _TALKS_FIRST:
            told.append(_MAY_END)
        return "\n".join(told)


def _rules(persona: Persona, cast: Cast) -> str:
    knows = "\n".join(f"- {name}: {cast.filled(value)}" for name, value in persona.knows.items())
    return _RULES.format(who=persona.who, wants=persona.wants, knows=knows)
