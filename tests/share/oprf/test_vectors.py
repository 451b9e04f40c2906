"""Both modes against the test vectors of RFC 9497, appendix A.1."""

from pathlib import Path

import pytest

from stillwatch.share.oprf import (
    BASE,
    VERIFIABLE,
    Context,
    blind,
    blind_evaluate,
    derive_key_pair,
    evaluate,
    finalize,
    generate_proof,
    verify_proof,
)

CONTEXTS = {"OPRF": BASE, "VOPRF": VERIFIABLE}
Section = dict[str, tuple[bytes, ...]]


def sections() -> list[tuple[str, Section]]:
    """Title and values of every part of the file, values joined as the RFC breaks them."""
    parts = (Path(__file__).parent / "rfc9497_a1.txt").read_text().split("[")[1:]
    found = []
    for part in parts:
        title, _, body = part.partition("]")
        joined = body.replace(" = ", "=").split("\n")
        entries: list[str] = []
        for line in filter(None, joined):
            if "=" in line:
                entries.append(line)
            else:
                entries[-1] += line
        pairs = (entry.split("=") for entry in entries)
        found.append((title, {name: tuple(map(bytes.fromhex, value.split(","))) for name, value in pairs}))
    return found


def vectors() -> list[tuple[str, Section, Section]]:
    """Mode, key material and vector."""
    found, mode, key = [], "", Section()
    for title, values in sections():
        if title == "vector":
            found.append((mode, key, values))
        else:
            mode, key = title, values
    return found


VECTORS = vectors()


def test_the_file_holds_every_vector_of_the_two_modes() -> None:
    """Two of the base mode, three of the verifiable one, of which one is a batch."""
    assert [(mode, len(vector["Input"])) for mode, _, vector in VECTORS] == [
        ("OPRF", 1),
        ("OPRF", 1),
        ("VOPRF", 1),
        ("VOPRF", 1),
        ("VOPRF", 2),
    ]


@pytest.mark.parametrize(("mode", "key", "vector"), VECTORS)
def test_every_step_gives_the_bytes_of_the_rfc(mode: str, key: Section, vector: Section) -> None:
    """Keys, blinded and evaluated elements and outputs, and the output of who knows key and input."""
    context: Context = CONTEXTS[mode]
    pair = derive_key_pair(key["Seed"][0], key["KeyInfo"][0], context)
    assert pair.secret == key["skSm"][0]
    asked = blind(vector["Input"], context, blinds=vector["Blind"])
    assert asked.elements == vector["BlindedElement"]
    evaluated = blind_evaluate(pair.secret, asked.elements)
    assert tuple(evaluated) == vector["EvaluationElement"]
    assert tuple(finalize(asked, evaluated)) == vector["Output"]
    assert tuple(evaluate(pair.secret, data, context) for data in vector["Input"]) == vector["Output"]


@pytest.mark.parametrize(("mode", "key", "vector"), [v for v in VECTORS if v[0] == "VOPRF"])
def test_proofs_are_those_of_the_rfc(mode: str, key: Section, vector: Section) -> None:
    """With the nonce of the RFC the proof has its bytes, and it holds."""
    pair = derive_key_pair(key["Seed"][0], key["KeyInfo"][0], CONTEXTS[mode])
    assert pair.public == key["pkSm"][0]
    batch = vector["BlindedElement"], vector["EvaluationElement"]
    assert generate_proof(pair, *batch, nonce=vector["ProofRandomScalar"][0]) == vector["Proof"][0]
    assert verify_proof(pair.public, *batch, vector["Proof"][0])
