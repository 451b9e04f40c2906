"""What is kept of one exchange for detection: numbers and hashes, no text. All hashes are 64 bit; 0 means unknown."""

import pyarrow as pa

from stillwatch.model.column import Column, schema_of

__all__ = [
    "ELICITATION_CLASSES",
    "FINGERPRINT",
    "FINGERPRINT_COLUMNS",
    "SEGMENTS",
    "SEGMENTS_PER_PROMPT",
    "SEGMENT_COLUMNS",
    "SIGNATURE_LENGTH",
]

ELICITATION_CLASSES: tuple[str, ...] = ("reasoning", "grading", "rewriting", "training", "format")
"""Bit i of `elicitation`: step-by-step reasoning, rubric grading, rewriting to evade refusal, "as training data",
fixed output fields."""

SEGMENTS_PER_PROMPT = 4
SIGNATURE_LENGTH = 16

_U64 = pa.uint64()

FINGERPRINT_COLUMNS: tuple[Column, ...] = (
    Column("exchange", _U64, "Hash of exchange_id; breaks ties of time.", required=True),
    Column("time_us", pa.int64(), "Microseconds since 1970, UTC.", required=True),
    Column("account", _U64, "Hash of account_id.", required=True),
    Column("conversation", _U64, "Hash of conversation_id, else of session_id.", required=True),
    Column("head", pa.bool_(), "Opens a conversation: turn_count is 1 or null.", required=True),
    Column("content", _U64, "Hash of the exact prompt.", required=True),
    Column("n_tokens", pa.int32(), "Tokens of the prompt as sketch/ cuts them.", required=True),
    Column("script", pa.uint8(), "Dominant script of the prompt, 0 when empty.", required=True),
    Column("elicitation", pa.uint16(), "Bit set over ELICITATION_CLASSES, prompt and system text.", required=True),
    Column("system", _U64, "Hash of the system prompt.", required=True),
    Column("parameters", _U64, "Hash of temperature, top_p, max_tokens, choices, logprobs, effort.", required=True),
    Column("client", _U64, "Hash of client build (else user agent), parameters, system prompt, tools.", required=True),
    Column("build", _U64, "Hash of client build, else of the user agent.", required=True),
    Column("tools", pa.bool_(), "Tools were offered.", required=True),
    Column("model", _U64, "Hash of the model name.", required=True),
    Column("prefix", _U64, "Hash of the /24 or /48 of the client address.", required=True),
    Column("asn", _U64, "Hash of the autonomous system number.", required=True),
    Column("tls", _U64, "Hash of the TLS fingerprint.", required=True),
    Column("input_tokens", pa.int32(), "As reported, 0 when unknown.", required=True),
    Column("output_tokens", pa.int32(), "As reported, 0 when unknown.", required=True),
    Column("reasoning_tokens", pa.int32(), "As reported, 0 when unknown.", required=True),
    Column("cost_usd", pa.float32(), "As reported, NaN when unknown.", required=True),
)

FINGERPRINT: pa.Schema = schema_of("fingerprint", FINGERPRINT_COLUMNS)

SEGMENT_COLUMNS: tuple[Column, ...] = (
    *(
        Column(f"signature_{i}", _U64, "Signature of the i-th longest segment, 0 when there is none.", required=True)
        for i in range(SEGMENTS_PER_PROMPT)
    ),
    Column("fill", _U64, "Hash of the tokens outside all segments.", required=True),
    Column("topic", _U64, "64-bit sign sketch of the words outside all segments, no digits.", required=True),
)

SEGMENTS: pa.Schema = schema_of("segments", SEGMENT_COLUMNS)
"""Row-aligned with FINGERPRINT."""
