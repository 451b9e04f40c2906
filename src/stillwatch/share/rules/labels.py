"""What a scan has judged of accounts, as labels to hold a rule against."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from stillwatch.model.campaign import Verdict

__all__ = ["Judged"]


class Judged(Mapping[str, bool]):
    """Labels of all accounts of the scanned traffic, however many there are: only what the scan names is held.

    Who is in a harvest harvests. Who is in a campaign that is unclear, and in no harvest, was not judged and has no
    label. Everybody else was looked at by the same scan and not accused.

    streams     Table STREAM of the findings.

    >>> from stillwatch.model.findings import STREAM
    >>> judged = Judged(STREAM.empty_table())
    >>> judged["anybody"]
    False
    """

    def __init__(self, streams: pa.Table) -> None:
        pairs = list(zip(streams["account_id"].to_pylist(), streams["verdict"].to_pylist(), strict=True))
        self._harvesting = frozenset(account for account, verdict in pairs if verdict == Verdict.HARVEST.value)
        self._unclear = frozenset(account for account, verdict in pairs if verdict == Verdict.UNCLEAR.value)

    def __getitem__(self, account: str) -> bool:
        """Whether an account harvests; KeyError where it is not known."""
        if account in self._harvesting:
            return True
        if account in self._unclear:
            raise KeyError(account)
        return False

    def __iter__(self) -> Iterator[str]:
        """Accounts that harvest: the others are not listed anywhere."""
        return iter(sorted(self._harvesting))

    def __len__(self) -> int:
        """How many harvest."""
        return len(self._harvesting)
