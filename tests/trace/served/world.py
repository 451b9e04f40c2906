"""Small worlds of made-up text: outputs of accounts, leaked copies of them, and texts written apart."""

import numpy as np
import pyarrow as pa

from stillwatch.trace.served.secret import IndexSecret

SECRET = IndexSecret(bytes(range(16)))
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def vocabulary(size: int = 3000, seed: int = 1) -> list[str]:
    """Made-up words."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(_LETTERS, rng.integers(2, 10))) for _ in range(size)]


WORDS = np.array(vocabulary())


def texts(n: int, seed: int, length: int = 90) -> list[str]:
    """Texts of independent words."""
    return [" ".join(row) for row in np.random.default_rng(seed).choice(WORDS, (n, length))]


def edited(text: str, share: float, seed: int = 0) -> str:
    """The text with a share of its words replaced by others."""
    rng = np.random.default_rng(seed)
    words = np.array(text.split())
    return " ".join(np.where(rng.random(len(words)) < share, rng.choice(WORDS, len(words)), words))


def exchanges(outputs: list[str], prompts: list[str] | None = None, n_accounts: int = 10) -> pa.Table:
    """Exchanges of accounts in turn; account 1 belongs to campaign c1."""
    rows = range(len(outputs))
    return pa.table(
        {
            "exchange_id": [f"e{i:05d}" for i in rows],
            "account_id": [f"a{i % n_accounts}" for i in rows],
            "campaign_id": pa.array(["c1" if i % n_accounts == 1 else None for i in rows], pa.string()),
            "prompt_text": pa.array(prompts or [""] * len(outputs), pa.string()),
            "output_text": outputs,
        }
    )


def named(found: list[str], prefix: str) -> list[tuple[str, str]]:
    """Texts as records."""
    return [(f"{prefix}{i}", text) for i, text in enumerate(found)]
