"""Numbers of a decider: what it may remember, and how long a request may wait."""

from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["DeciderSettings"]


@dataclass(frozen=True, slots=True)
class DeciderSettings:
    """All of them.

    stage_key       Secret of the installation that orders streams in staged roll-outs, 16 to 64 bytes.
    record_wait_s   How long the first harsh answer for a stream waits for its record; then it is observe.
    most_throttled  Streams whose rate is counted.
    burst_s         Seconds of its rate that a throttled stream, or a campaign, may send at once.
    observed_lasts  How long an answer that does nothing may be remembered by a gateway.
    """

    stage_key: bytes = field(repr=False)
    record_wait_s: float = 0.05
    most_throttled: int = 200_000
    burst_s: float = 10.0
    observed_lasts: timedelta = timedelta(minutes=5)
