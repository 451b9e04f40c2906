"""What a join with the index of served outputs found: a finding of its own, never multiplied with that of a mark."""

from dataclasses import asdict, dataclass
from typing import Final, Self

import orjson

from stillwatch.errors import IncompatibleVersion, UnreadableSource

__all__ = ["LIMITS", "Attribution", "LogMatch", "RecordMatch"]

_VERSION: Final = 1
LIMITS: Final = (
    "A match shows that a record holds phrases of an answer, not who put it there: accounts may get the same answer.",
    "The suspect may have the text from a third party, and an account may be stolen, shared or resold.",
    "A quotation of public text that neither the background nor any prompt holds looks like a leak.",
    "The p-value of an account rests on a background of texts like the suspect's; one of another kind makes it wrong.",
    "Records that match are often marked as well. The two findings rest on the same records: never multiply them.",
    "The bound on coincidence knows no quotation and no template: compare the records found with the background's.",
    "A null result clears nobody: paraphrase and translation leave no phrase in place.",
)


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """One record and the exchange whose answer holds most of it.

    record_id            As the suspect names it.
    n_shingles           Shingles of the record that count: rare, in no prompt, not public, in no earlier record.
    n_shared             Of them, in the answer.
    n_phrases            Of those shared, how many do not overlap.
    n_exchanges          Exchanges whose answers hold as many phrases as are needed.
    n_accounts           Accounts of those exchanges; 2 or more leave the account open.
    containment          Share of the record's shingles that the answer holds, 0 to 1.
    low, high            Exact 95 % interval: the shingles kept are a random sample of all, drawn by the secret.
    log_chance           Natural log of a bound on coincidence, over all served outputs (`log_chance`).
    log_chance_adjusted  The same, Holm over all records.
    log_p                Natural log of the record's rank among the background's texts by `log_chance`, exact for one
                         record where those are like it and no earlier record holds its phrases; 0 without a background.
    """

    record_id: str
    exchange_id: str
    account_id: str
    campaign_id: str | None
    n_shingles: int
    n_shared: int
    n_phrases: int
    n_exchanges: int
    n_accounts: int
    containment: float
    low: float
    high: float
    log_chance: float
    log_chance_adjusted: float
    log_p: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """Records that hold answers of one account, campaign or of anybody.

    name             Id; empty for anybody.
    n_records        Records of the suspect that hold as many phrases as are needed.
    n_alone          Of them, those that no other account explains.
    n_background     The same among the texts of the background.
    expected         Records by chance, as the background has it.
    log_p            Natural log of the exact chance of so many of them in the suspect, were it like the background.
    log_p_adjusted   Holm over all accounts or campaigns in the index.
    """

    name: str
    n_records: int
    n_alone: int
    n_background: int
    expected: float
    log_p: float
    log_p_adjusted: float


@dataclass(frozen=True, slots=True)
class LogMatch:
    """A join of a suspect data set with what was served.

    alpha               Chance of any false record or account, in (0, 1).
    phrases_needed      Phrases that a record must share with one answer to count for its account.
    n_records           Records of the suspect.
    n_records_empty     Of them, those without a shingle that counts.
    n_background        Texts of the background that were joined as if they were the suspect.
    n_exchanges         Exchanges in the index.
    n_found             Records whose adjusted chance is at most alpha.
    n_background_found  Texts of the background for which the same holds: false matches, counted.
    records             The surest first, of those with two phrases or more; at most as many as were asked for.
    accounts            Accounts with any record, the surest first.
    campaigns           Campaigns with any record, the surest first.
    anybody             All accounts together.
    """

    alpha: float
    phrases_needed: int
    n_records: int
    n_records_empty: int
    n_background: int
    n_exchanges: int
    n_found: int
    n_background_found: int
    records: tuple[RecordMatch, ...]
    accounts: tuple[Attribution, ...]
    campaigns: tuple[Attribution, ...]
    anybody: Attribution
    limits: tuple[str, ...] = LIMITS

    def to_json(self) -> bytes:
        """The result with its version; ids and counts, no text."""
        return orjson.dumps({"version": _VERSION, **asdict(self)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises  UnreadableSource when it is something else; IncompatibleVersion when another version wrote it.
        """
        try:
            fields = orjson.loads(data)
            version = fields.pop("version")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            message = "not the result of a join with served outputs"
            raise UnreadableSource(message) from error
        if version != _VERSION:
            message = f"the result has version {version}, expected {_VERSION}; join again"
            raise IncompatibleVersion(message)
        try:
            fields["records"] = tuple(RecordMatch(**one) for one in fields["records"])
            for name in ("accounts", "campaigns"):
                fields[name] = tuple(Attribution(**one) for one in fields[name])
            fields["anybody"] = Attribution(**fields["anybody"])
            fields["limits"] = tuple(fields["limits"])
            return cls(**fields)
        except (KeyError, TypeError) as error:
            message = "the result of a join with served outputs lacks fields, or has others"
            raise UnreadableSource(message) from error
