from tests.journey.test_chat_injections import *
from tests.journey.test_chat_injections import _PAGES, _await_approval, _obey
import json
def test_debug(seller, model, site):
    _await_approval(seller)
    assert seller.decide(seller.get("plan"))["state"] == "done"
    for number, injection in enumerate(_PAGES[:2]):
        url = site.write(injection.id, injection.text, script=seller.script, dataset=seller.dataset)
        look = {"name": "check_page", "arguments": {"url": url}}
        _obey(model, injection.text, look, is_undoing=number % 2 == 0)
        n=len(model.asked)
        print("ANSWER", seller.ask(f"confere a minha página {url}"))
        for b in model.asked[n:]:
            for m in json.loads(b)["messages"][1:]: print("   ", str(m)[:600])
            print("--")
    print(seller.rows("mode, fallback, calls, state", "setup_turns", "started_at"))
    print(seller.rows("kind, actor, payload, state, code", "setup_intents", "seq"))
    assert 0
