"""The oblivious function that tags are values of: RFC 9497, ristretto255 with SHA-512, its key split between two."""

from stillwatch.share.oprf.blinding import OUTPUT_BYTES, Blinded, blind, blind_evaluate, evaluate, finalize
from stillwatch.share.oprf.group import ELEMENT_BYTES, SCALAR_BYTES, random_element, read_element
from stillwatch.share.oprf.hashing import BASE, VERIFIABLE, Context
from stillwatch.share.oprf.keys import KeyPair, derive_key_pair, joined, key_pair, new_key_pair
from stillwatch.share.oprf.proof import PROOF_BYTES, generate_proof, verify_proof
from stillwatch.share.oprf.split import Answer, combine, outputs

__all__ = [
    "BASE",
    "ELEMENT_BYTES",
    "OUTPUT_BYTES",
    "PROOF_BYTES",
    "SCALAR_BYTES",
    "VERIFIABLE",
    "Answer",
    "Blinded",
    "Context",
    "KeyPair",
    "blind",
    "blind_evaluate",
    "combine",
    "derive_key_pair",
    "evaluate",
    "finalize",
    "generate_proof",
    "joined",
    "key_pair",
    "new_key_pair",
    "outputs",
    "random_element",
    "read_element",
    "verify_proof",
]
