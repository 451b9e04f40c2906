"""The record: one exchange is one request to a model and its answer.

Names follow the OpenTelemetry GenAI semantic conventions, flattened. Every column but ``exchange_id``, ``time`` and
``account_id`` may be null; every detector says what it does without it.
"""

import pyarrow as pa

from stillwatch.model.column import Column, schema_of

__all__ = ["EXCHANGE", "EXCHANGE_COLUMNS", "TIME_TYPE"]

TIME_TYPE = pa.timestamp("us", tz="UTC")

EXCHANGE_COLUMNS: tuple[Column, ...] = (
    Column("exchange_id", pa.string(), "Unique id of the exchange.", required=True, semconv="gen_ai.response.id"),
    Column("time", TIME_TYPE, "When the request arrived, UTC.", required=True),
    Column("account_id", pa.string(), "The paying identity behind the credential; keys are hashed.", required=True),
    Column("organisation_id", pa.string(), "Owner of the account."),
    Column(
        "end_user_id",
        pa.string(),
        "The person or system behind the account, as the account names it.",
        semconv="enduser.id",
    ),
    Column("session_id", pa.string(), "Session as the client names it.", semconv="session.id"),
    Column("conversation_id", pa.string(), "Conversation the exchange belongs to.", semconv="gen_ai.conversation.id"),
    Column("operation", pa.string(), "chat, completion, embedding, ...", semconv="gen_ai.operation.name"),
    Column("provider", pa.string(), "Who serves the model.", semconv="gen_ai.provider.name"),
    Column("model", pa.string(), "Model asked for.", semconv="gen_ai.request.model"),
    Column("system_text", pa.string(), "System prompt.", semconv="gen_ai.system_instructions"),
    Column(
        "prompt_text", pa.string(), "The last user turn; null in content mode none.", semconv="gen_ai.input.messages"
    ),
    Column("turn_count", pa.int32(), "User turns in the request, this one included; 1 opens a conversation."),
    Column("temperature", pa.float32(), "Sampling temperature.", semconv="gen_ai.request.temperature"),
    Column("top_p", pa.float32(), "Nucleus sampling share, 0 to 1.", semconv="gen_ai.request.top_p"),
    Column("max_tokens", pa.int32(), "Cap on output tokens.", semconv="gen_ai.request.max_tokens"),
    Column("choice_count", pa.int32(), "Answers asked for at once.", semconv="gen_ai.request.choice.count"),
    Column("wants_logprobs", pa.bool_(), "True when token log-probabilities were asked for."),
    Column("reasoning_effort", pa.string(), "Reasoning effort asked for.", semconv="gen_ai.request.reasoning.level"),
    Column("has_tools", pa.bool_(), "True when tools were offered.", semconv="gen_ai.tool.definitions"),
    Column("output_text", pa.string(), "The answer.", semconv="gen_ai.output.messages"),
    Column(
        "output_tokens", pa.int32(), "Tokens of the answer, reasoning included.", semconv="gen_ai.usage.output_tokens"
    ),
    Column("input_tokens", pa.int32(), "Tokens of the request, cached included.", semconv="gen_ai.usage.input_tokens"),
    Column(
        "reasoning_tokens",
        pa.int32(),
        "Tokens of hidden or shown reasoning.",
        semconv="gen_ai.usage.reasoning.output_tokens",
    ),
    Column(
        "cached_tokens", pa.int32(), "Input tokens read from a cache.", semconv="gen_ai.usage.cache_read.input_tokens"
    ),
    Column("cost_usd", pa.float64(), "Price of the exchange, US dollars."),
    Column("finish_reason", pa.string(), "Why the answer ended.", semconv="gen_ai.response.finish_reasons"),
    Column("refusal_category", pa.string(), "Category of a refusal, null when answered."),
    Column("status_code", pa.int32(), "HTTP status of the answer, 100 to 599.", semconv="http.response.status_code"),
    Column("client_address", pa.string(), "IPv4 or IPv6 address of the caller.", semconv="client.address"),
    Column("client_asn", pa.int64(), "Autonomous system number of the address."),
    Column("client_country", pa.string(), "ISO 3166 code; a policy input, never evidence."),
    Column("user_agent", pa.string(), "User-Agent header.", semconv="user_agent.original"),
    Column("client_build", pa.string(), "SDK name, version and OS."),
    Column("tls_fingerprint", pa.string(), "JA3, JA4 or the like."),
)

EXCHANGE: pa.Schema = schema_of("exchange", EXCHANGE_COLUMNS)
