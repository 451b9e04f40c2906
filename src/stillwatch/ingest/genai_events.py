"""Exchanges out of the older GenAI log events, one for each message and one for each choice.

Before ``gen_ai.client.inference.operation.details`` an exchange was several log records tied together by the span they
were written in. They are put together again here, also across exports, with at most `OPEN_MOST` exchanges unfinished.
These records hold no model, tokens or response id; where the spans are at hand too, scan the spans.
"""

from collections.abc import Iterator

from stillwatch.ingest.genai_signal import Signal, signal_fields
from stillwatch.ingest.openai_fields import mapping
from stillwatch.model.reader import Record

__all__ = ["EVENT_ROLES", "EventGroups"]

OPEN_MOST = 10_000
EVENT_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.content.prompt": "user",
    "gen_ai.choice": "choice",
    "gen_ai.content.completion": "choice",
}


class EventGroups:
    """Log events by the span they belong to, until the span's events are over."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, list[Signal]]] = {}

    def add(self, row: int, signal: Signal) -> Iterator[Record]:
        """Take one event; yield the oldest exchange when too many are unfinished."""
        self._open.setdefault((signal.trace_id, signal.span_id), (row, []))[1].append(signal)
        if len(self._open) > OPEN_MOST:
            yield self._close(next(iter(self._open)))

    def rest(self) -> Iterator[Record]:
        """Yield every exchange left, the one that began first first."""
        while self._open:
            yield self._close(next(iter(self._open)))

    def _close(self, span: tuple[str, str]) -> Record:
        row, signals = self._open.pop(span)
        messages = [_message(s) for s in signals if EVENT_ROLES[s.name] != "choice"]
        choices = [_message(s) for s in signals if EVENT_ROLES[s.name] == "choice"]
        reasons = [reason for s in signals if (reason := mapping(s.body).get("finish_reason"))]
        attributes = {name: value for s in reversed(signals) for name, value in s.attributes.items()}
        # Texts that LiteLLM repeats in attributes are single messages, not the conversation.
        attributes |= {"gen_ai.input.messages": messages, "gen_ai.output.messages": choices}
        attributes |= {"gen_ai.response.finish_reasons": reasons}
        return Record(row, signal_fields(signals[0]._replace(attributes=attributes)))


def _message(signal: Signal) -> dict[str, object]:
    body = mapping(signal.body)
    inner = mapping(body.get("message")) or body
    content = inner.get("content")
    if content is None:
        content = signal.attributes.get("gen_ai.prompt") or signal.attributes.get("gen_ai.completion")
    role = EVENT_ROLES[signal.name]
    return {"role": inner.get("role") or ("assistant" if role == "choice" else role), "content": content}
