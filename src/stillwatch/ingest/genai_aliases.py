"""Names that tracing gave one fact over the years.

GenAI semantic conventions old and new, OpenInference, LiteLLM and Langfuse in one table, by column of the record.
The first name that is there and not empty counts; a span's own attributes go before those of its resource. Newest names
stand first.
"""

__all__ = ["ALIASES", "EMBEDDING", "OPERATIONS", "PARAMETERS", "TEXT_GENERATION", "operation_name"]

ALIASES: dict[str, tuple[str, ...]] = {
    "exchange_id": ("gen_ai.response.id", "llm.response.id", "litellm.call_id"),
    # The paying identity; an end user is one only where nothing else is named.
    "account_id": (
        "stillwatch.account.id",
        "account.id",
        "account_id",
        "metadata.user_api_key_hash",
        "metadata.user_api_key_user_id",
        "metadata.user_api_key_team_id",
        "customer.id",
        "tenant.id",
        "organization.id",
        "enduser.id",
        "user.id",
        "langfuse.user.id",
    ),
    "organisation_id": ("organization.id", "organisation.id", "metadata.user_api_key_org_id", "tenant.id"),
    "end_user_id": (
        "enduser.id",
        "enduser.pseudo.id",
        "user.id",
        "langfuse.user.id",
        "metadata.user_api_key_end_user_id",
        "gen_ai.user",
        "llm.user",
    ),
    "session_id": ("session.id", "langfuse.session.id", "traceloop.association.properties.session_id"),
    "conversation_id": ("gen_ai.conversation.id", "gen_ai.thread.id", "gen_ai.openai.thread.id"),
    "operation": (
        "gen_ai.operation.name",
        "llm.request.type",
        "openinference.span.kind",
        "langfuse.observation.type",
    ),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor"),
    "model": (
        "gen_ai.request.model",
        "llm.request.model_name",
        "llm.request.model",
        "llm.model_name",
        "embedding.request.model_name",
        "embedding.model_name",
        "gen_ai.response.model",
        "llm.response.model_name",
        "langfuse.observation.model.name",
    ),
    "temperature": ("gen_ai.request.temperature", "llm.request.temperature", "llm.temperature"),
    "top_p": ("gen_ai.request.top_p", "llm.request.top_p", "llm.top_p"),
    "max_tokens": ("gen_ai.request.max_tokens", "gen_ai.request.max_output_tokens", "llm.request.max_tokens"),
    "choice_count": ("gen_ai.request.choice.count", "gen_ai.request.n", "llm.request.n"),
    "wants_logprobs": ("gen_ai.request.logprobs", "gen_ai.openai.request.logprobs"),
    "reasoning_effort": (
        "gen_ai.request.reasoning.level",
        "gen_ai.request.reasoning.effort",
        "gen_ai.request.reasoning_effort",
        "gen_ai.openai.request.reasoning_effort",
    ),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
        "llm.token_count.completion",
    ),
    "input_tokens": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.usage.prompt_tokens",
        "llm.token_count.prompt",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
    "cached_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cached_tokens",
        "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_input",
    ),
    "cost_usd": ("gen_ai.cost.total_cost", "gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total"),
    "finish_reason": (
        "gen_ai.response.finish_reasons",
        "gen_ai.response.finish_reason",
        "gen_ai.completion.0.finish_reason",
        "llm.response.finish_reason",
        "llm.finish_reason",
    ),
    "status_code": ("http.response.status_code", "http.status_code", "error.code", "error.type"),
    "client_address": (
        "client.address",
        "http.client_ip",
        "source.address",
        "metadata.requester_ip_address",
        "net.sock.peer.addr",
    ),
    "client_asn": ("client.as.number", "as.number"),
    "client_country": ("client.geo.country_iso_code", "geo.country.iso_code", "client.country"),
    "user_agent": ("user_agent.original", "http.user_agent", "metadata.user_agent"),
    "client_build": ("client.build", "user_agent.build"),
    "tls_fingerprint": ("tls.client.ja4", "tls.client.ja3", "client.tls.fingerprint"),
    # Contents: not columns, but what the conversation and the answer are made of.
    "messages": ("gen_ai.input.messages", "gen_ai.request.messages", "gen_ai.prompt", "langfuse.observation.input"),
    "system": ("gen_ai.system_instructions", "gen_ai.request.instructions"),
    "answers": (
        "gen_ai.output.messages",
        "gen_ai.response.messages",
        "gen_ai.completion",
        "langfuse.observation.output",
    ),
    "tools": ("gen_ai.tool.definitions", "gen_ai.request.tools", "llm.request.functions", "llm.tools"),
}

PARAMETERS = ("llm.invocation_parameters", "gen_ai.request.parameters", "langfuse.observation.model.parameters")
"""Attributes that hold many request parameters as one JSON text."""

OPERATIONS: dict[str, str] = {
    "chat": "chat",
    "completion": "chat",
    "acompletion": "chat",
    "responses": "chat",
    "aresponses": "chat",
    "anthropic_messages": "chat",
    "generate_content": "generate_content",
    "agenerate_content": "generate_content",
    "llm": "chat",
    "generation": "chat",
    "text_completion": "text_completion",
    "atext_completion": "text_completion",
    "embeddings": "embeddings",
    "embedding": "embeddings",
    "aembedding": "embeddings",
}
"""Names of one operation, as conventions, OpenInference and LiteLLM write them, by what the record calls it."""

TEXT_GENERATION = ("chat", "generate_content", "text_completion")
EMBEDDING = ("embeddings",)


def operation_name(value: object) -> object:
    """Name of an operation in the record; a name not listed stays as it is.

    >>> operation_name("acompletion"), operation_name("LLM"), operation_name("execute_tool")
    ('chat', 'chat', 'execute_tool')
    """
    return OPERATIONS.get(value.lower(), value) if isinstance(value, str) else value
