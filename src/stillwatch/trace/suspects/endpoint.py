"""A suspect behind an OpenAI-compatible endpoint: patient, bounded, and never a word of a prompt in any message."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from stillwatch.errors import InvalidInput
from stillwatch.trace.suspects.suspect import Answer, Question

__all__ = ["Endpoint", "Limits"]

_MOST_BYTES: Final = 1 << 22
_MOST_WAIT_S: Final = 60.0
_TRY_AGAIN: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_GIVE_UP: Final = frozenset({401, 403})
"""Nobody is let in: to ask on would change nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often to ask.

    tries       For one question, at least 1.
    timeout_s   For one try.
    most_s      For everything; what is not asked by then is told as such.
    max_tokens  Of an answer.
    """

    tries: int = 5
    timeout_s: float = 60.0
    most_s: float = 3600.0
    max_tokens: int = 256

    def __post_init__(self) -> None:
        """Refuse what could ask nothing."""
        if self.tries < 1 or min(self.timeout_s, self.most_s) <= 0 or self.max_tokens < 1:
            message = f"tries and max_tokens must be at least 1, times above 0, got {self}"
            raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A chat or completions endpoint.

    url         Base, such as https://api.example.com/v1; http only for this machine.
    model       As the endpoint calls it.
    secret      Its key; never shown. Empty for none.
    is_chat     Whether to ask ``/chat/completions``; else ``/completions``.
    """

    url: str
    model: str
    secret: str = field(default="", repr=False)
    is_chat: bool = True
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        """Refuse a URL over which a key would be read."""
        parts = urlsplit(self.url)
        is_here = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if parts.scheme not in {"https", "http"} or not parts.hostname or (parts.scheme == "http" and not is_here):
            message = f"an endpoint must be https://HOST/..., got {parts.scheme or 'no scheme'}"
            raise InvalidInput(message)
        if parts.username or parts.password or parts.query:
            message = "an endpoint's URL must hold no user, password or query: give the key in a file"
            raise InvalidInput(message)

    @property
    def name(self) -> str:
        """Model and host."""
        return f"{self.model} at {urlsplit(self.url).hostname}"

    def answers(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """An answer to each question, in order; greedy, so that asking twice changes nothing.

        Failures are tried again with growing pauses, or as long as the endpoint says.
        """
        end = time.monotonic() + self.limits.most_s
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        shut = ""
        with httpx.Client(headers=headers, timeout=self.limits.timeout_s, follow_redirects=False) as client:
            for question in questions:
                if shut or time.monotonic() >= end:
                    yield Answer(question.question_id, question.prompt, None, shut or "no time left")
                    continue
                completion, problem = self._ask(client, question.prompt, end)
                shut = problem if problem.startswith("refused") else ""
                yield Answer(question.question_id, question.prompt, completion, problem)

    def _ask(self, client: httpx.Client, prompt: str, end: float) -> tuple[str | None, str]:
        problem = ""
        for n in range(self.limits.tries):
            try:
                status, data, wait_s = self._post(client, prompt)
            except httpx.HTTPError as error:
                problem, wait_s = f"no connection ({type(error).__name__})", None
            else:
                if status == 200:
                    return _completion(data)
                if status in _GIVE_UP:
                    return None, f"refused with status {status}"
                problem = f"status {status}"
                if status not in _TRY_AGAIN:
                    return None, problem
            pause = min(_MOST_WAIT_S, wait_s if wait_s is not None else 0.5 * 2.0**n)
            if n + 1 == self.limits.tries or time.monotonic() + pause >= end:
                break
            self.sleep(pause)
        return None, problem

    def _post(self, client: httpx.Client, prompt: str) -> tuple[int, bytes, float | None]:
        """Status, at most four megabytes of the body, and the pause that was asked for."""
        asked: dict[str, Any] = {"model": self.model, "max_tokens": self.limits.max_tokens, "temperature": 0}
        asked |= {"messages": [{"role": "user", "content": prompt}]} if self.is_chat else {"prompt": prompt}
        path = "/chat/completions" if self.is_chat else "/completions"
        with client.stream("POST", self.url.rstrip("/") + path, json=asked) as response:
            data = bytearray()
            for piece in response.iter_bytes():
                data += piece
                if len(data) > _MOST_BYTES:
                    break
            return response.status_code, bytes(data), _seconds(response.headers.get("retry-after"))


def _seconds(told: str | None) -> float | None:
    """Seconds of a Retry-After header; None for a date, or nothing."""
    try:
        return max(0.0, float(told)) if told else None
    except ValueError:
        return None


def _completion(data: bytes) -> tuple[str | None, str]:
    """Text of an answer, cut ones included: a cut answer is evidence as far as it goes."""
    if len(data) > _MOST_BYTES:
        return None, "too large an answer"
    try:
        choice = json.loads(data)["choices"][0]
        text = choice["message"]["content"] if "message" in choice else choice["text"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None, "no answer in its form"
    return (text, "") if isinstance(text, str) and text else (None, "said nothing")
