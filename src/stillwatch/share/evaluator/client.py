"""A member's side: values to tags, by two evaluators of which neither learns a value and neither is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from stillwatch.engine.threads import available_cores, map_in_order
from stillwatch.errors import Declined, FailedProof, InvalidInput
from stillwatch.model.indicator import SignalKind
from stillwatch.share.evaluator.messages import ELEMENTS, LARGEST_REPLY, Ask, read_keys, read_reply, write_ask
from stillwatch.share.evaluator.purpose import Purpose
from stillwatch.share.oprf.blinding import blind, finalize
from stillwatch.share.oprf.group import random_element
from stillwatch.share.oprf.split import Answer, combine
from stillwatch.share.tags.block import TagBlock
from stillwatch.share.tags.canonical import tag_input

__all__ = ["PADDED_TO", "EvaluatorPair", "Peer", "published_keys"]

PADDED_TO: Final = (64, 256, ELEMENTS)
"""Sizes of requests: the rest is random elements, so that an evaluator does not learn how many values there are."""

_PLAIN: Final = {"Accept-Encoding": "identity"}
"""Bodies are read as they come: a compressed one could be any length."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One evaluator as a member knows it.

    name        How errors call it.
    client      With the evaluator's base URL, its certificates and timeouts.
    token       The member's own; no representation shows it.
    keys        Public keys by epoch, learnt from a source the evaluator cannot change per member: the forum's ledger.
    """

    name: str
    client: httpx.Client
    token: str = field(repr=False)
    keys: Mapping[int, bytes]

    def answer(self, ask: Ask) -> Answer:
        """What the evaluator sends; its proof is not looked at yet.

        Raises      Declined if it does not answer or will not; FailedProof if what it sends is no answer.
        """
        key = self.keys.get(ask.epoch)
        if key is None:
            message = f"no public key of evaluator {self.name} is known for epoch {ask.epoch}"
            raise InvalidInput(message)
        body = self._fetched("POST", "/v1/evaluate", content=write_ask(ask))
        try:
            reply = read_reply(body)
        except InvalidInput as wrong:
            message = f"evaluator {self.name} sent no answer: {wrong}"
            raise FailedProof(message) from wrong
        if reply.epoch != ask.epoch:
            message = f"evaluator {self.name} answered for epoch {reply.epoch}, asked was {ask.epoch}"
            raise FailedProof(message)
        return Answer(self.name, key, reply.elements, reply.proof)

    def _fetched(self, method: str, path: str, content: bytes | None = None) -> bytes:
        """Body of a good response, read no further than one may be long."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **_PLAIN}
        try:
            with self.client.stream(method, path, content=content, headers=headers) as response:
                body = b""
                for piece in response.iter_raw(8192):
                    body += piece
                    if len(body) > LARGEST_REPLY:
                        message = f"evaluator {self.name} sent more than {LARGEST_REPLY} bytes"
                        raise FailedProof(message)
        except httpx.HTTPError as error:
            message = f"evaluator {self.name} does not answer: {type(error).__name__}"
            raise Declined(message) from error
        if response.status_code != 200:
            raise _declined(self.name, response)
        return body


def _declined(name: str, response: httpx.Response) -> Declined:
    reasons = {401: "it does not know the token", 404: "it has no key for the epoch", 429: "the budget is spent"}
    reason = reasons.get(response.status_code, "it gives no reason")
    after = response.headers.get("retry-after", "")
    seconds = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else None
    wait = "" if seconds is None else f"; it may answer in {seconds} s"
    return Declined(f"evaluator {name} declines with status {response.status_code}: {reason}{wait}", seconds)


def published_keys(peer: Peer) -> tuple[int, dict[int, bytes]]:
    """Length of an epoch in days and public keys, as an evaluator tells them; to be compared with what others are told.

    Raises      Declined if it does not answer; FailedProof if what it sends are no keys.
    """
    body = peer._fetched("GET", "/v1/keys")  # noqa: SLF001 - of this module
    try:
        return read_keys(body)
    except InvalidInput as wrong:
        message = f"evaluator {peer.name} sent no keys: {wrong}"
        raise FailedProof(message) from wrong


class EvaluatorPair:
    """Two evaluators that hold one key together.

    Batches are worked on side by side, as many as there are cores: libsodium runs outside the interpreter's lock.
    """

    def __init__(self, first: Peer, second: Peer) -> None:
        if first.name == second.name:
            message = f"two evaluators must have two names, both are {first.name}"
            raise InvalidInput(message)
        self._peers = (first, second)

    def block(self, kind: SignalKind, values: Sequence[str], purpose: Purpose, epoch: int) -> TagBlock:
        """Tags of the values, in their order; equal ones are asked for once.

        Nothing is sent unless every value is one of its kind. A batch that fails ends the work; what the batches
        before it cost is spent.

        Raises      InvalidInput for a value that is none of its kind, or an epoch whose keys are not known; Declined
                    if an evaluator does not answer or a budget is spent; FailedProof, with its name, if one cheats.
        """
        inputs = [tag_input(kind, epoch, value) for value in values]
        distinct = list(dict.fromkeys(inputs))
        batches = [distinct[at : at + ELEMENTS] for at in range(0, len(distinct), ELEMENTS)]

        def outputs(batch: Sequence[bytes]) -> list[bytes]:
            return self._outputs(batch, purpose, epoch)

        done = [one for some in map_in_order(outputs, batches, available_cores()) for one in some]
        by_input = dict(zip(distinct, done, strict=True))
        return TagBlock.of_outputs(kind, epoch, [by_input[one] for one in inputs])

    def _outputs(self, inputs: Sequence[bytes], purpose: Purpose, epoch: int) -> list[bytes]:
        """Values of the function for one batch."""
        asked = blind(inputs, threads=1)
        size = next(size for size in PADDED_TO if size >= len(inputs))
        elements = (*asked.elements, *(random_element() for _ in range(size - len(inputs))))
        ask = Ask(purpose, epoch, elements)
        answers = list(map_in_order(lambda peer: peer.answer(ask), self._peers, 2))
        return finalize(asked, combine(elements, answers, threads=1)[: len(inputs)], threads=1)
