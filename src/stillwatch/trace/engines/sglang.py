"""Marks in SGLang, which draws by Gumbel itself under a key for each request: what a gateway sends it.

::

    python -m sglang.launch_server --model-path MODEL --enable-watermark --watermark-config /run/secrets/marks.json

SGLang takes 64 bits of a key and hashes by its own 32-bit function, so its marks are found by the reader of its scheme
(`trace/readers/sglang.py`) under `MarkKey.engine_key`, not by our own. It has no layer that students inherit, and no
code of a gateway: whoever reaches its port may send a key, so the port is the gateway's alone, and this module drops
whatever a client sent. Written against SGLang 0.5.23.
"""

from collections.abc import Mapping
from typing import Any, Final

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, Purpose

__all__ = ["check_server", "keyed", "server_settings"]

LARGEST_WINDOW: Final = 64


def keyed(request: Mapping[str, Any], key: MarkKey, context_window: int = 4) -> dict[str, Any]:
    """A client's request with the account's key; what the client set itself is dropped, wherever it stood.

    request         Body for `/generate` or for the OpenAI-compatible endpoints.
    context_window  Tokens before a token that its number depends on, 1 to 64; at most the server's.
    Raises          InvalidInput for another purpose's key, a window out of range, or parameters of no known form.

    >>> from stillwatch.trace.keys.key import derive
    >>> key = derive(bytes(32), Purpose.ACCOUNT, "acct-1", "2026-11")
    >>> sent = keyed({"text": "", "watermark": {"enabled": False}}, key)
    >>> sorted(sent["watermark"]), sent["watermark"]["context_window"]
    (['context_window', 'enabled', 'key'], 4)
    """
    if key.purpose not in {Purpose.ACCOUNT, Purpose.GLOBAL}:
        message = f"SGLang draws for an account or for the provider, got a key for {key.purpose}"
        raise InvalidInput(message)
    _window(context_window)
    sent = {name: value for name, value in request.items() if name != "watermark"}
    if sent.get("sampling_params") is not None:
        sent["sampling_params"] = _without(sent["sampling_params"])
    mark = {"enabled": True, "key": f"{key.engine_key:016x}", "context_window": context_window}
    return {**sent, "watermark": mark}


def server_settings(provider: MarkKey, context_window: int = 4) -> dict[str, Any]:
    """Content of the server's own file: every request is marked, under the global key where it brings none.

    Write it to a file that only the server's account may read: on the command line other processes see it.

    Raises      InvalidInput for another purpose's key or a window out of range.
    """
    if provider.purpose is not Purpose.GLOBAL:
        message = f"the server's own key must be the global one, got a key for {provider.purpose}"
        raise InvalidInput(message)
    _window(context_window)
    return {"key": f"{provider.engine_key:016x}", "context_window": context_window, "enforce_all": True}


def check_server(told: Mapping[str, Any], context_window: int = 4) -> None:
    """Refuse a server that would not mark, at the gateway's start-up.

    told        Its answer to `/server_info`.
    Raises      InvalidInput with every problem at once.
    """
    problems = []
    if told.get("enable_watermark") is not True:
        problems.append("start it with --enable-watermark")
    if told.get("watermark_algorithm", "gumbel") not in {"gumbel", None}:
        problems.append(f"its algorithm must be gumbel, got {told['watermark_algorithm']}")
    largest = told.get("watermark_context_window")
    if isinstance(largest, int) and largest < context_window:
        problems.append(f"its context window must be at least {context_window}, got {largest}")
    if problems:
        message = f"the SGLang server does not mark: {'; '.join(problems)}"
        raise InvalidInput(message)


def _window(context_window: int) -> None:
    if not 1 <= context_window <= LARGEST_WINDOW:
        message = f"context_window must be in 1 to {LARGEST_WINDOW}, got {context_window}"
        raise InvalidInput(message)


def _without(params: object) -> object:
    if isinstance(params, Mapping):
        return {name: value for name, value in params.items() if name != "watermark"}
    if isinstance(params, list):
        return [_without(one) for one in params]
    message = f"sampling_params must be an object or a list of them, got {type(params).__name__}"
    raise InvalidInput(message)
