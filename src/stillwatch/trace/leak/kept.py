"""Records that accounts are tested on: all, or as many as the effort allows, those that the global key marks most."""

from stillwatch.trace.leak.scoring import Places

__all__ = ["Kept"]


class Kept:
    """Holds at most twice what may stay. Nothing of any account is looked at to choose.

    most        Places that tell accounts apart, in all records together; one record always stays.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._held: list[tuple[float, int, Places]] = []
        self._size = 0
        self._arrived = 0
        self.n_left_out = 0

    def add(self, log_p: float, record: Places) -> None:
        """One record with its p-value under the global key, 0 where that draws nowhere."""
        if record.n_by_account:
            self._held.append((log_p, self._arrived, record))
            self._size += record.n_by_account
        self._arrived += 1
        if self._size > 2 * self._most and len(self._held) > 1:
            self._cut()

    def records(self) -> list[Places]:
        """Those that stay, in the order in which they came."""
        self._cut()
        return [record for _, _, record in sorted(self._held, key=lambda one: one[1])]

    def _cut(self) -> None:
        held: list[tuple[float, int, Places]] = []
        size = 0
        for one in sorted(self._held, key=lambda one: one[:2]):
            n = one[2].n_by_account
            if held and size + n > self._most:
                self.n_left_out += n
                continue
            held.append(one)
            size += n
        self._held, self._size = held, size
