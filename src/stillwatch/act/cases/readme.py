"""The page of a bundle that a lawyer reads first."""

from typing import Final

__all__ = ["readme"]

_TEXT: Final = """\
EVIDENCE ON CASE {case}
{line}

What this is
  A provider of a language model has found that accounts collect its answers on a large scale, as one campaign. This
  bundle holds what was found, who was told what, what was done, and how each of that can be checked. It was put
  together by the program stillwatch, version {version}, and signed. Verdict: {verdict}. Accounts: {n_accounts}.
  Exchanges (one request and its answer each): {n_exchanges}, of which {n_hashed} are still kept and are hashed here.

What it proves, and what it does not
  - That nothing in it was changed since it was signed by the holder of the key {key}.
  - That what was done is recorded in a ledger in which nothing can be changed or dropped without everybody who has an
    earlier head of it noticing: each entry comes with a proof that it stands in the ledger.
  - That an exchange which the provider discloses later is the very one that was found: it must have the hash that
    stands in exchanges.jsonl.
  - It does not prove by itself that the provider's logs were true when they were written, nor who the people behind an
    account are. The findings are statistical: they say how much better a common operation explains the traffic than
    unrelated customers do, in bits, and what could not be judged. Read "not_judged" in campaigns.json.

{texts}

The files
  case.json        state of the case, who worked on it, notes, decisions and appeals; also-known-as ids
  campaigns.json   the findings: families, evidence by channel, exposure, what could not be judged, calibration
  streams.jsonl    which part of which account's traffic is meant; the rest of an account is not accused
  exchanges.jsonl  one line an exchange: its id, its account, its hash; null where the log is no longer kept
  policies.jsonl   the rules on which decisions rest, word for word, by version
  ledger.jsonl     who saw and did what, with proofs; head.json is the signed state of the ledger
  about.json       versions of the program and of what it was calibrated on
  key.json, key.pem   the public key, in two spellings
  verify.py        checks everything here; it needs Python 3.9 or later, no network and nothing else
  MANIFEST.json    length and SHA-256 of every file; MANIFEST.sig is its Ed25519 signature

How to check it
  All of it:       python3 verify.py BUNDLE.zip {key}
  with stillwatch: stillwatch case verify BUNDLE.zip --key-id {key}
  By hand, with OpenSSL 3, after unpacking:
                   openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in MANIFEST.json -sigfile MANIFEST.sig
                   sha256sum FILE     and compare with MANIFEST.json
  Ask the provider for the key's id by another way than this bundle, and compare: {key}

How a disclosed exchange is checked
  The provider hands over a line of openings.jsonl: a salt and the exchange as text. The hash is SHA-256 of the bytes of
  the salt followed by the text:
                   (printf SALT | xxd -r -p; printf %s 'TEXT') | sha256sum
  It must be the one in exchanges.jsonl. Salts are not in a bundle without texts, so that nobody who has only the
  bundle can find out what was asked by trying.
"""
_WITHOUT: Final = """\
No prompt and no answer is in this bundle
  Of every exchange there is only a hash. Texts are disclosed apart, for a stated reason, and that is recorded."""
_WITH: Final = """\
THIS BUNDLE HOLDS PROMPTS AND ANSWERS of {n} exchanges (openings.jsonl)
  They were disclosed for a stated reason, which is recorded in the ledger. Handle them as confidential: they may hold
  personal data of people who are no party."""


def readme(facts: dict[str, str], n_openings: int | None) -> str:
    """Text of README.txt.

    facts       case, version, verdict, n_accounts, n_exchanges, n_hashed and key.
    n_openings  Exchanges whose texts are in the bundle; None when texts were not asked for.
    """
    texts = _WITHOUT if n_openings is None else _WITH.format(n=n_openings)
    return _TEXT.format(**facts, texts=texts, line="=" * (17 + len(facts["case"])))
