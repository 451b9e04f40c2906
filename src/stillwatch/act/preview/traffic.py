"""Stored traffic as a preview takes it, and what is known about those who sent it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.model.decision import AccountFacts, PartnerWord, StreamFacts

__all__ = ["COLUMN_OF", "NEEDED", "NOBODYS", "Known", "Totals", "Traffic"]

NOBODYS: Final = -1
"""Of no accused stream; of no partner's indicator."""

COLUMN_OF: Final[Mapping[str, str]] = {
    **{f"request.{name}": name for name in ("account_id", "organisation_id", "operation", "provider", "model")},
    **{f"request.{name}": name for name in ("turn_count", "temperature", "top_p", "max_tokens", "choice_count")},
    **{f"request.{name}": name for name in ("wants_logprobs", "reasoning_effort", "has_tools", "user_agent")},
    **{f"request.{name}": name for name in ("client_build", "tls_fingerprint")},
    "request.country": "client_country",
    "request.asn": "client_asn",
}
"""Column of EXCHANGE that each fact about a request is of; `Request` has fields of these names."""

NEEDED: Final = tuple(
    dict.fromkeys((*COLUMN_OF.values(), "exchange_id", "time", "output_tokens", "cost_usd", "client_country"))
)
"""Columns that a preview looks at: no text and no address is among them."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """A batch of exchanges.

    exchanges   The columns `NEEDED` of EXCHANGE; more do no harm.
    campaign    Place in `Known.campaigns` of the campaign whose accused stream each is of, `NOBODYS` for most.
    partner     Place in `Known.partner_words` of what partners say of each, `NOBODYS` for most; None for all.
    """

    exchanges: pa.RecordBatch
    campaign: NDArray[np.int32]
    partner: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the window shows of each account.

    account_ids     In order of first appearance; the arrays follow it.
    cost_usd        NaN where no exchange tells it.
    """

    account_ids: Sequence[str]
    n_exchanges: NDArray[np.int64]
    cost_usd: NDArray[np.float64]


class Known(Protocol):
    """What is known of accounts and streams as findings stand."""

    @property
    def campaigns(self) -> Sequence[str]:
        """Ids of the campaigns."""
        ...

    @property
    def partner_words(self) -> Sequence[PartnerWord]:
        """What partners say; empty when nobody asked them."""
        ...

    def accounts(self, totals: Totals, now: datetime, /) -> Sequence[AccountFacts]:
        """Facts of accounts, in their order."""
        ...

    def organisation(self, account_id: str, /) -> str | None:
        """Owner of an account whose exchanges do not say it."""
        ...

    def stream(self, campaign_id: str, account_id: str, /) -> StreamFacts | None:
        """Facts of an accused stream; None when a decision could rest on nothing."""
        ...

    def found_at(self, campaign_id: str, /) -> datetime | None:
        """When detection first told of a campaign; None when nobody wrote it down."""
        ...
