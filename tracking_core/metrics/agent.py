"""Setups, their chats and the model."""

from tracking_core.metrics.registry import counter, gauge, histogram

LLM_REQUESTS = counter(
    "hub_llm_requests_total",
    "Calls of a model, `chat` or `picture`: `ok` or the reason of the failure.",
    ["use", "outcome"],
)
LLM_SECONDS = histogram("hub_llm_request_seconds", "One call of a model, to its last token.", ["use"])
LLM_TOKENS = counter(
    "hub_llm_tokens_total",
    "Tokens, `input` or `output`, as the endpoint counted them or else as estimated.",
    ["direction"],
)
LLM_BREAKER = gauge("hub_llm_breaker_open", "1 while the model is left alone after failures.")
TURNS = counter(
    "hub_chat_turns_total", "Turns of chats: `answered`, `failed` (a defect met three times) or `cut`.", ["outcome"]
)
TURN_SECONDS = histogram("hub_chat_turn_seconds", "One turn of a chat, from its beginning to its answer.")
TOOLS = counter("hub_tool_calls_total", "Tools used by chats and setups, by outcome.", ["tool", "outcome"])
STEPS = counter(
    "hub_setup_steps_total",
    "Steps of the setup graph: `done`, `broken` (a defect) or `waiting` (for a person).",
    ["node", "outcome"],
)
STEP_SECONDS = histogram("hub_setup_step_seconds", "One step of the setup graph.", ["node"])
