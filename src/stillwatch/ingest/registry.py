"""All readers, in the order in which they are asked whether a file is theirs."""

from collections.abc import Iterable

from stillwatch.ingest.anthropic import Anthropic
from stillwatch.ingest.langfuse import Langfuse
from stillwatch.ingest.litellm import LiteLlm
from stillwatch.ingest.native_ndjson import NativeNdjson
from stillwatch.ingest.native_parquet import NativeParquet
from stillwatch.ingest.openai import OpenAi
from stillwatch.ingest.otlp_json import OtlpJson
from stillwatch.ingest.otlp_protobuf import OtlpProtobuf
from stillwatch.model.reader import Reader, Source

__all__ = ["READERS", "recognise"]

# The first that recognises a file reads it: narrow formats stand before wide ones.
READERS: tuple[Reader, ...] = (
    NativeParquet(),
    NativeNdjson(),
    LiteLlm(),
    OtlpJson(),
    OtlpProtobuf(),
    OpenAi(),
    Anthropic(),
    Langfuse(),
)


def recognise(source: Source, readers: Iterable[Reader] = READERS) -> Reader | None:
    """Find the reader for `source` by its content; None when no reader knows it.

    >>> import io
    >>> line = b'{"exchange_id": "x", "time": 1767225600, "account_id": "a"}'
    >>> recognise(Source("x.log", lambda: io.BytesIO(line), line)).name
    'ndjson'
    """
    return next((reader for reader in readers if reader.recognises(source)), None)
