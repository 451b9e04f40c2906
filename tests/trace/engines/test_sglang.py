"""What a gateway sends to SGLang, against a server that resolves it by SGLang's own rules."""

from typing import Any

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.trace.engines.sglang import check_server, keyed, server_settings
from stillwatch.trace.keys.key import Purpose, derive

KEY = derive(bytes(32), Purpose.ACCOUNT, "acct-1", "e")
PROVIDER = derive(bytes(32), Purpose.GLOBAL, "", "e")


def resolved(body: dict[str, Any], server: dict[str, Any]) -> tuple[int, int]:
    """Key and window that SGLang 0.5.23 would draw with, by its documented rules; ValueError where it answers 400."""
    params = body.get("sampling_params") or {}
    for one in params if isinstance(params, list) else [params]:
        if body.get("watermark") is not None and one.get("watermark") is not None:
            raise ValueError
    mark = body["watermark"]
    window = mark.get("context_window", server["context_window"])
    is_bad = set(mark) - {"enabled", "key", "context_window"} or window > server["context_window"]
    if is_bad or (mark.get("enabled") is False and (mark.get("key") or server["enforce_all"])):
        raise ValueError
    key = mark.get("key") or server["key"]
    if not 1 <= len(key) <= 16:
        raise ValueError
    return int(key, 16), window


@pytest.mark.parametrize(
    "client",
    [
        {},
        {"watermark": {"enabled": False}},
        {"watermark": {"key": "ff"}, "sampling_params": {"temperature": 1, "watermark": {"enabled": False}}},
        {"sampling_params": [{"watermark": {"key": "1"}}, {"top_k": 5}]},
        {"sampling_params": None},
    ],
)
def test_the_account_draws_whatever_the_client_asks(client: dict[str, Any]) -> None:
    """Its key reaches the server once, and no other."""
    sent = keyed({"text": "", **client}, KEY)
    assert resolved(sent, server_settings(PROVIDER)) == (KEY.engine_key, 4)
    assert sent["text"] == ""
    assert "ff" not in str(sent.get("sampling_params"))


def test_other_parameters_stay() -> None:
    """Only the mark is taken out; the client's own request is not changed."""
    client = {"sampling_params": [{"watermark": {"key": "1"}, "top_k": 5}]}
    assert keyed(client, KEY)["sampling_params"] == [{"top_k": 5}]
    assert client["sampling_params"][0]["watermark"] == {"key": "1"}


def test_a_server_that_does_not_mark_is_refused_at_start_up() -> None:
    """With every reason."""
    check_server({"enable_watermark": True, "watermark_context_window": 4})
    with pytest.raises(InvalidInput, match=r"--enable-watermark.*must be gumbel, got synthid.*at least 8, got 4"):
        check_server({"watermark_algorithm": "synthid", "watermark_context_window": 4}, 8)


def test_bad_use_is_refused() -> None:
    """A window out of range, another purpose's key, parameters of no known form."""
    for window in (0, 65):
        with pytest.raises(InvalidInput, match=f"1 to 64, got {window}"):
            keyed({}, KEY, window)
    with pytest.raises(InvalidInput, match="for an account or for the provider"):
        keyed({}, derive(bytes(32), Purpose.CAMPAIGN, "c", "e"))
    with pytest.raises(InvalidInput, match="must be the global one"):
        server_settings(KEY)
    with pytest.raises(InvalidInput, match="an object or a list of them, got str"):
        keyed({"sampling_params": "x"}, KEY)
