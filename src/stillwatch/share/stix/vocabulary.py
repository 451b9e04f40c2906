"""Closed words of a request's shape: buckets of parameters and public client libraries."""

from typing import Final

from stillwatch.model.search_index import CAPABILITIES

__all__ = [
    "CAPABILITIES",
    "CLIENT_LIBRARIES",
    "MAX_TOKENS",
    "TEMPERATURES",
    "TOP_PS",
    "build_of",
    "max_tokens_bucket",
    "temperature_bucket",
    "top_p_bucket",
]

TEMPERATURES: Final = ("0", "0-0.5", "0.5-1", "1", "over-1")
TOP_PS: Final = ("0-0.5", "0.5-0.9", "0.9-1", "1")
MAX_TOKENS: Final = ("0-256", "256-1024", "1024-4096", "4096-16384", "over-16384")

CLIENT_LIBRARIES: Final = (
    "aiohttp",
    "anthropic-java",
    "anthropic-python",
    "anthropic-typescript",
    "axios",
    "curl",
    "go-http-client",
    "google-genai-python",
    "google-genai-typescript",
    "httpx",
    "langchain",
    "litellm",
    "llama-index",
    "node-fetch",
    "okhttp",
    "openai-dotnet",
    "openai-go",
    "openai-java",
    "openai-node",
    "openai-python",
    "python-requests",
    "python-urllib3",
    "vercel-ai",
)
"""Public libraries. A free name could be a customer's own client: a build whose library is not here is not told."""

_MAJOR_MOST: Final = 99


def _bucket(value: float, edges: tuple[float, ...], names: tuple[str, ...]) -> str:
    return names[sum(value > edge for edge in edges)]


def temperature_bucket(value: float) -> str:
    """Bucket of a temperature.

    >>> [temperature_bucket(x) for x in (0, 0.2, 0.7, 1.0, 1.5)]
    ['0', '0-0.5', '0.5-1', '1', 'over-1']
    """
    return "1" if value == 1 else _bucket(value, (0, 0.5, 1), ("0", "0-0.5", "0.5-1", "over-1"))


def top_p_bucket(value: float) -> str:
    """Bucket of a nucleus share.

    >>> [top_p_bucket(x) for x in (0.3, 0.9, 0.95, 1.0)]
    ['0-0.5', '0.5-0.9', '0.9-1', '1']
    """
    return "1" if value >= 1 else _bucket(value, (0.5, 0.9), TOP_PS[:3])


def max_tokens_bucket(value: int) -> str:
    """Bucket of a cap on output tokens.

    >>> [max_tokens_bucket(n) for n in (256, 257, 100_000)]
    ['0-256', '256-1024', 'over-16384']
    """
    return _bucket(value, (256, 1024, 4096, 16384), MAX_TOKENS)


def build_of(library: str, version: str) -> str | None:
    """Build as it may be told: library and major version; None where the library is not a public one.

    >>> build_of("OpenAI-Python", "2.1.0"), build_of("acme-crawler", "1")
    ('openai-python/2', None)
    """
    name, major = library.lower(), version.split(".", 1)[0]
    if name not in CLIENT_LIBRARIES or not (major.isascii() and major.isdigit()) or int(major) > _MAJOR_MOST:
        return None
    return f"{name}/{int(major)}"
