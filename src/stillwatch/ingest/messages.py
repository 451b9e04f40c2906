"""Conversations in the shapes that providers and recorders give them, as three columns of the record."""

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Conversation", "conversation", "text_of"]

SYSTEM_ROLES = frozenset({"system", "developer"})
USER_ROLES = frozenset({"user", "human"})
TEXT_KEYS = ("text", "content", "refusal")
# Parts of a user message that no user wrote: results that the caller's program sends back.
# A tuple: what is looked up in it comes from outside and may not be hashable.
TOOL_PARTS = ("tool_result", "tool_call_response", "function_call_output")
# LiteLLM writes this instead of contents when message logging is off.
REDACTED = frozenset({"redacted-by-litellm", "REDACTED"})


class Conversation(NamedTuple):
    """What the record keeps of a conversation; null where the source does not say.

    system_text   All system prompts, one a paragraph.
    prompt_text   Text of the last user turn.
    turn_count    User turns; messages that only carry tool results are none.
    """

    system_text: str | None = None
    prompt_text: str | None = None
    turn_count: int | None = None


def text_of(content: object, depth: int = 8) -> str | None:
    r"""Text of a message's content: a string, a part, or a list of parts, joined by line ends; None without text.

    depth    How deep parts within parts are looked at.

    >>> text_of([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, {"content": "b"}])
    'a\nb'
    """
    if isinstance(content, str):
        return None if content in REDACTED else content
    if depth and isinstance(content, dict):
        return _part_text(content, depth - 1)
    if depth and isinstance(content, list):
        texts = [text for part in content if (text := text_of(part, depth - 1)) is not None]
        return "\n".join(texts) if texts else None
    return None


def _part_text(part: dict[object, object], depth: int) -> str | None:
    if part.get("type") in TOOL_PARTS:
        return None
    if "parts" in part:
        return text_of(part["parts"], depth)
    return next((text for key in TEXT_KEYS if (text := text_of(part.get(key), depth)) is not None), None)


def conversation(messages: object, system: object = None) -> Conversation:
    """Conversation in a request: a list of messages, one message, or a bare prompt.

    system    A system prompt that stands apart from the messages.

    >>> conversation([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    Conversation(system_text='Be brief.', prompt_text='Hi', turn_count=1)
    >>> conversation("Once upon a time")
    Conversation(system_text=None, prompt_text='Once upon a time', turn_count=1)
    """
    listed = _listed(messages)
    systems = [system, *(m for m in listed if _role(m) in SYSTEM_ROLES)]
    users = [m for m in listed if _role(m) in USER_ROLES and not _only_tools(m)]
    return Conversation(
        system_text=_paragraphs(text_of(one) for one in systems),
        prompt_text=text_of(users[-1]) if users else None,
        turn_count=len(users) if listed else None,
    )


def _listed(messages: object) -> list[object]:
    if isinstance(messages, dict):
        nested = messages.get("messages")
        return nested if isinstance(nested, list) else [messages]
    if isinstance(messages, list):
        return messages
    return [messages] if isinstance(messages, str) and messages else []


def _role(message: object) -> str:
    """Role of a message; a bare string or a message without one is the user's, other objects are nobody's."""
    if isinstance(message, str):
        return "user"
    if not isinstance(message, dict):
        return ""
    kind = message.get("type")
    default = "user" if kind in (None, "message") else str(kind)
    return str(message.get("role") or default).lower()


def _only_tools(message: object) -> bool:
    parts = (message.get("content") or message.get("parts")) if isinstance(message, dict) else None
    return bool(
        isinstance(parts, list) and parts and all(isinstance(p, dict) and p.get("type") in TOOL_PARTS for p in parts)
    )


def _paragraphs(texts: Iterable[str | None]) -> str | None:
    found = [text for text in texts if text]
    return "\n\n".join(found) if found else None
