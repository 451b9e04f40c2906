"""One key in two hands: each evaluator has a share, the key is their sum, and the asker adds up what they answer.

Who has one share can evaluate nothing; who asks needs both evaluators, so that each can stop an enumeration alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.share.oprf.blinding import Blinded, finalize
from stillwatch.share.oprf.group import ELEMENT_BYTES, IDENTITY, add
from stillwatch.share.oprf.hashing import VERIFIABLE, Context
from stillwatch.share.oprf.proof import PROOF_BYTES, verify_proof

__all__ = ["Answer", "combine", "outputs"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one evaluator sent.

    name        Of the evaluator; errors name it.
    public      Its key of the epoch, known to the asker beforehand.
    """

    name: str
    public: bytes
    evaluated: tuple[bytes, ...]
    proof: bytes


def _check(answer: Answer, blinded: Sequence[bytes], context: Context, threads: int | None) -> None:
    """Raise FailedProof with the evaluator's name unless its proof holds."""
    fits = len(answer.evaluated) == len(blinded) and len(answer.proof) == PROOF_BYTES
    fits = fits and all(len(one) == ELEMENT_BYTES and one != IDENTITY for one in answer.evaluated)
    if fits and verify_proof(answer.public, blinded, answer.evaluated, answer.proof, context, threads=threads):
        return
    message = f"evaluator {answer.name} did not use the key it published: its proof of {len(blinded)} elements fails"
    raise FailedProof(message)


def combine(
    blinded: Sequence[bytes], answers: Sequence[Answer], context: Context = VERIFIABLE, *, threads: int | None = None
) -> list[bytes]:
    """Elements evaluated under the sum of the keys, every answer's proof verified first.

    Raises      FailedProof, which names the evaluator; InvalidInput if there are fewer than two answers or two of one.
    """
    if len({answer.public for answer in answers}) < max(len(answers), 2):
        message = f"a split key needs answers under two or more different keys, got {len(answers)}"
        raise InvalidInput(message)
    for answer in answers:
        _check(answer, blinded, context, threads)
    total = list(answers[0].evaluated)
    for answer in answers[1:]:
        total = [add(one, other) for one, other in zip(total, answer.evaluated, strict=True)]
    return total


def outputs(blinded: Blinded, answers: Sequence[Answer], *, threads: int | None = None) -> list[bytes]:
    """Values of the function under the sum of the keys, 64 bytes each."""
    return finalize(blinded, combine(blinded.elements, answers, threads=threads), threads=threads)
