"""Something about each of the streams that came last, in bounded memory that no campaign can take from another."""

from collections import OrderedDict
from typing import Generic, TypeVar

from stillwatch.act.decide.stream import Stream

__all__ = ["Remembered"]

_Value = TypeVar("_Value")


class Remembered(Generic[_Value]):
    """Values of streams. When there is no room the campaign with the most streams loses the one that came longest ago.

    So whoever comes with ever new streams drives out its own: a campaign with no more than its share of `most`, by the
    number of campaigns, loses none.

    >>> known = Remembered[int](3)
    >>> [known.keep(Stream(*name), 1) for name in ("ca", "da", "db", "dc", "cb")]
    [None, None, None, Stream(campaign_id='d', account_id='a'), Stream(campaign_id='d', account_id='b')]
    >>> known.count("c"), known.get(Stream("c", "a")), known.get(Stream("d", "a"))
    (2, 1, None)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._n = 0
        self._values: dict[str, OrderedDict[str, _Value]] = {}
        self._of_size: dict[int, OrderedDict[str, None]] = {}
        self._largest = 0

    def __len__(self) -> int:
        """Streams."""
        return self._n

    def count(self, campaign_id: str) -> int:
        """Streams of a campaign."""
        return len(self._values.get(campaign_id, ()))

    def get(self, stream: Stream) -> _Value | None:
        """What is remembered of a stream; None for nothing."""
        of_campaign = self._values.get(stream.campaign_id)
        return None if of_campaign is None else of_campaign.get(stream.account_id)

    def keep(self, stream: Stream, value: _Value) -> Stream | None:
        """Remember this of a stream, which has come now; who was forgotten for it."""
        campaign_id, account_id = stream
        of_campaign = self._values.setdefault(campaign_id, OrderedDict())
        is_new = account_id not in of_campaign
        of_campaign[account_id] = value
        of_campaign.move_to_end(account_id)
        if not is_new:
            return None
        self._n += 1
        self._moved(campaign_id, len(of_campaign) - 1, len(of_campaign))
        return self._forget_one() if self._n > self._most else None

    def _forget_one(self) -> Stream:
        campaign_id = next(iter(self._of_size[self._largest]))
        of_campaign = self._values[campaign_id]
        account_id, _ = of_campaign.popitem(last=False)
        self._n -= 1
        self._moved(campaign_id, len(of_campaign) + 1, len(of_campaign))
        if not of_campaign:
            del self._values[campaign_id]
        return Stream(campaign_id, account_id)

    def _moved(self, campaign_id: str, before: int, after: int) -> None:
        """Note that a campaign has another size, by one."""
        if before:
            same = self._of_size[before]
            del same[campaign_id]
            if not same:
                del self._of_size[before]
        if after:
            self._of_size.setdefault(after, OrderedDict())[campaign_id] = None
        self._largest = max(self._largest, after)
        if self._largest not in self._of_size:
            self._largest -= 1
