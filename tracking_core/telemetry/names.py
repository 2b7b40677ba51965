"""The attributes a span may have: what is not named here is never exported.

``gen_ai.*``, ``http.*`` and ``error.type`` are OpenTelemetry's semantic conventions (1.45); ``hub.*`` are
ours. None holds what a person or a vendor wrote, but the two of ``CONTENT``.
"""

from typing import Final

TENANT: Final = "hub.tenant.id"
CONVERSION: Final = "hub.conversion.id"
SETUP_SESSION: Final = "hub.setup_session.id"
GATEWAY: Final = "hub.gateway"
OUTCOME: Final = "hub.outcome"
REASON: Final = "hub.reason"
QUEUE_SECONDS: Final = "hub.queue.seconds"
BATCH_SIZE: Final = "hub.batch.size"
MATCH_RULE: Final = "hub.match.rule"
MATCH_SCORE: Final = "hub.match.score"
DECISION: Final = "hub.decision"
DELIVERY: Final = "hub.delivery.id"
ATTEMPT: Final = "hub.delivery.attempt"
CONNECTION: Final = "hub.connection.id"
META_CODE: Final = "hub.meta.code"
META_SUBCODE: Final = "hub.meta.subcode"
META_TRACE: Final = "hub.meta.fbtrace_id"
EVENT_KIND: Final = "hub.event.kind"
TOLD_BY: Final = "hub.told_by"
INTENT: Final = "hub.intent"
NODE: Final = "hub.node"

ERROR_TYPE: Final = "error.type"
HTTP_METHOD: Final = "http.request.method"
HTTP_ROUTE: Final = "http.route"
HTTP_STATUS: Final = "http.response.status_code"

AI_OPERATION: Final = "gen_ai.operation.name"
AI_PROVIDER: Final = "gen_ai.provider.name"
AI_MODEL: Final = "gen_ai.request.model"
AI_TEMPERATURE: Final = "gen_ai.request.temperature"
AI_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
AI_AGENT: Final = "gen_ai.agent.name"
AI_CONVERSATION: Final = "gen_ai.conversation.id"
AI_TOOL: Final = "gen_ai.tool.name"
AI_TOOL_TYPE: Final = "gen_ai.tool.type"
AI_INPUT: Final = "gen_ai.input.messages"
AI_OUTPUT: Final = "gen_ai.output.messages"

CONTENT: Final = frozenset({AI_INPUT, AI_OUTPUT})
KNOWN: Final = frozenset(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
