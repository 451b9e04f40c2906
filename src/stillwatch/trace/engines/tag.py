"""What a trusted gateway tells an engine about a request: whom to mark it for, and that the gateway says so.

Engines take arguments from whoever sends the request, so the tag carries a code (HMAC-SHA-256) under a secret that
gateway and engines share. A client can neither make a tag for another account nor leave its own out where the engine
refuses untagged requests. The tag holds names and no key: a gateway that is broken into can find no mark and forge none
but by asking the engine. An engine's plugin sees no request id, so a tag is bound to a time of a few minutes and not to
one request; clients never see tags, and a stolen one marks for its own account alone.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import orjson

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose

__all__ = ["ARGUMENT", "Tag", "TagSecret"]

ARGUMENT: Final = "stillwatch_mark"
"""Name of the tag among vLLM's extra arguments."""
_FRAME: Final = b"stillwatch tag 1"
_VERSION: Final = "sw1"
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Tag:
    """Whom one request is to be marked for.

    account     Account; empty for none.
    campaign    Campaign of the stream; empty for none, which is right unless the stream is under suspicion.
    epoch       Period of the keys.
    expires_s   Unix time after which an engine no longer takes the request up.
    nonce       Of this request; ordinary draws follow it, so that all devices of an engine draw alike.
    """

    account: str
    campaign: str
    epoch: str
    expires_s: int
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))


class TagSecret:
    """Makes tags and checks them.

    >>> secret = TagSecret(KeyKeeper(bytes(32)))
    >>> tag = Tag("acct-1", "", "2026-11", 1_800_000_000)
    >>> secret.read(secret.seal(tag), now_s=1_799_999_900) == tag
    True
    """

    def __init__(self, keeper: KeyKeeper) -> None:
        self._key = keeper.key(Purpose.GLOBAL, "tags of a gateway", "").secret

    @classmethod
    def open(cls, path: Path) -> Self:
        """Secret of a file, in the form of `KeyKeeper.create`.

        Raises      MissingData when there is none; UnreadableSource when it is damaged, or others may read it.
        """
        return cls(KeyKeeper.open(path))

    def seal(self, tag: Tag) -> str:
        """The tag as text with its code: what the gateway sets."""
        told = [tag.account, tag.campaign, tag.epoch, tag.expires_s, tag.nonce]
        body = base64.urlsafe_b64encode(orjson.dumps(told)).decode()
        return f"{_VERSION}.{body}.{self._code(body)}"

    def read(self, text: object, now_s: float | None) -> Tag:
        """The tag of a text.

        now_s       Unix time; None takes an old tag too: of a request that waited since it was admitted.
        Raises      FailedProof when it is not from this secret, or too old. The message holds nothing of the tag.
        """
        if not isinstance(text, str) or len(text) > _LONGEST or text.count(".") != 2:
            message = f"{ARGUMENT} must be a tag that the gateway sealed"
            raise FailedProof(message)
        version, body, code = text.split(".")
        if version != _VERSION or not hmac.compare_digest(_bytes(code), _bytes(self._code(body))):
            message = f"{ARGUMENT} is not sealed with the secret of this engine's gateway"
            raise FailedProof(message)
        tag = _parsed(body)
        if now_s is not None and now_s > tag.expires_s:
            message = f"{ARGUMENT} is {now_s - tag.expires_s:.0f} s too old: seal each request, and compare the clocks"
            raise FailedProof(message)
        return tag

    def stamp(self, request: Mapping[str, Any], tag: Tag) -> dict[str, Any]:
        """A client's request for vLLM with the gateway's tag; one that the client set is dropped.

        request     Body for vLLM's OpenAI-compatible endpoints.
        Raises      InvalidInput when its extra arguments are no object.
        """
        extra = request.get("vllm_xargs") or {}
        if not isinstance(extra, Mapping):
            message = f"vllm_xargs must be an object, got {type(extra).__name__}"
            raise InvalidInput(message)
        return {**request, "vllm_xargs": {**extra, ARGUMENT: self.seal(tag)}}

    def _code(self, body: str) -> str:
        return hmac.digest(self._key, _FRAME + _bytes(body), "sha256").hex()


def _parsed(body: str) -> Tag:
    try:
        account, campaign, epoch, expires_s, nonce = orjson.loads(base64.urlsafe_b64decode(body))
    except (ValueError, TypeError, binascii.Error) as damaged:
        message = f"{ARGUMENT} is of another version of this program"
        raise FailedProof(message) from damaged
    return Tag(str(account), str(campaign), str(epoch), int(expires_s), str(nonce))


def _bytes(text: str) -> bytes:
    """Of any text that JSON can hold, half characters included."""
    return text.encode("utf-8", "surrogatepass")
