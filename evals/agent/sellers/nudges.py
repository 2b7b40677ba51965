"""What a seller says again when what they wait for has not come: plainer each time, as people do."""

from evals.agent.scenario import Condition, Locale, Scenario

_GATEWAY: dict[Locale, dict[str, list[str]]] = {
    "pt_BR": {
        "hotmart": [
            "pode verificar as credenciais da Hotmart, por favor?",
            "Hotmart: client id {client_id} e client secret {client_secret}. Verifique.",
        ],
        "kiwify": [
            "pode verificar as credenciais da Kiwify? o account id é {account}",
            "Kiwify: client id {kiwify_id}, client secret {kiwify_secret}, account id {account}. Verifique.",
        ],
    },
    "en": {
        "hotmart": [
            "please check the Hotmart credentials",
            "Hotmart: client id {client_id} and client secret {client_secret}. Check them.",
        ],
        "kiwify": [
            "please check the Kiwify credentials, the account id is {account}",
            "Kiwify: client id {kiwify_id}, client secret {kiwify_secret}, account id {account}. Check them.",
        ],
    },
}
_OTHERS: dict[Locale, dict[str, list[str]]] = {
    "pt_BR": {
        "meta": [
            "verifica o token da Meta com o dataset {dataset}, por favor",
            "Meta: dataset id {dataset}, token {token}. Verifique.",
        ],
        "url": ["verifica a minha página: {page}", "a página é {page}, pode olhar?"],
        "plan": ["pode montar o plano?", "prepare o plano de configuração, por favor"],
        "handoff": ["quero falar com uma pessoa", "me passa para um atendente humano"],
    },
    "en": {
        "meta": [
            "please check the Meta token with dataset {dataset}",
            "Meta: dataset id {dataset}, token {token}. Check it.",
        ],
        "url": ["check my page: {page}", "the page is {page}, can you look at it?"],
        "plan": ["can you prepare the plan?", "prepare the configuration plan, please"],
        "handoff": ["I want to talk to a person", "hand me over to a human"],
    },
}


def nudges_for(condition: Condition, scenario: Scenario) -> list[str]:
    """For the first thing that is waited for."""
    if condition.gateway is not None:
        return _GATEWAY[scenario.locale][scenario.gateway]
    waited = next((name for name in _OTHERS[scenario.locale] if getattr(condition, name) is not None), None)
    return _OTHERS[scenario.locale][waited] if waited else []
