"""One scan's dealings with a state: which state to judge with, and what to leave for the next scan."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stillwatch.detect.memory import CampaignMemory
from stillwatch.errors import InvalidInput
from stillwatch.model.engine import Dataset, Engine
from stillwatch.state.folder import Generation, StateFolder
from stillwatch.state.inputs import Input, day_words
from stillwatch.state.value import DEFAULT_DAYS, State

__all__ = ["Keeper", "Onlooker", "keeping"]


class Keeper:
    """State before a scan, and after.

    The input that made the current state may be scanned again: it is judged with the state before it, and gives the
    same findings and the same state. So a scan that was killed is simply run again. Any other input that was counted
    before is refused.
    """

    def __init__(self, folder: StateFolder, window_days: int | None) -> None:
        self._folder, self._window_days = folder, window_days
        self._base: Generation | None = None
        self.seen = Input()

    def base(self, engine: Engine, exchanges: Dataset) -> State:
        """State to judge these exchanges with: what is still remembered on their day.

        Raises  InvalidInput when they were counted before, are older than the window, or the window differs from the
                state's; UnreadableSource and IncompatibleVersion when the state cannot be read.
        """
        self.seen = Input.of(engine, exchanges)
        current = self._folder.current()
        again = current is not None and self._is_again(current)
        self._base = self._folder.parent(current) if current is not None and again else current
        state = self._empty(current) if self._base is None else self._folder.load(self._base)
        if not self.seen.n:
            return state
        state.inputs.check(self.seen)
        if state.day is not None and self.seen.day < state.first_day(state.day):
            msg = (
                f"these logs end on {day_words(self.seen.last_us)}, before all that the state remembers; "
                f"scan them without --state, or start anew with another --state folder"
            )
            raise InvalidInput(msg)
        return state.aged(self.today(state))

    def _is_again(self, current: Generation) -> bool:
        """Whether what is scanned made the current state."""
        return current.digest == self.seen.digest

    def today(self, state: State) -> int:
        """Day that a state is aged to: of the newest exchange there ever was."""
        return max(self.seen.day, self.seen.day if state.day is None else state.day)

    def keep(self, state: State) -> None:
        """Make a state the current one; logs without an exchange change nothing.

        Raises  UnreadableSource when it cannot be written.
        """
        if not self.seen.n:
            return
        self._folder.write(state, self._base, self.seen.digest)

    def _empty(self, current: Generation | None) -> State:
        known = None if current is None else current.window_days
        return State(known or self._window_days or DEFAULT_DAYS)

    def check_window(self) -> None:
        """Refuse another window than the state has.

        Raises  InvalidInput.
        """
        current = self._folder.current()
        if current is not None and self._window_days not in {None, current.window_days}:
            msg = (
                f"the state was made for a window of {current.window_days} days, --state-days is {self._window_days}; "
                f"leave the option out, or start anew with another --state folder"
            )
            raise InvalidInput(msg)


class Onlooker(Keeper):
    """Judges with a state and leaves it as it is: a look at what is not counted yet.

    again   Digest of a counted input that is looked at once more: when the current state is the one it made, the state
            before it judges. None when all that is looked at is new.
    told    Campaigns as the look before called them, which the state may know by no name or by another yet: a campaign
            is not renamed because another of its families has the most bits now. None when there was no look.
    """

    def __init__(
        self,
        folder: StateFolder,
        window_days: int | None,
        again: str | None = None,
        told: CampaignMemory | None = None,
    ) -> None:
        super().__init__(folder, window_days)
        self._again, self._told = again, told or CampaignMemory()

    def base(self, engine: Engine, exchanges: Dataset) -> State:
        """State to judge these exchanges with, and the names of the look before."""
        state = super().base(engine, exchanges)
        named = state.earlier.campaigns.merge(self._told)
        return replace(state, earlier=replace(state.earlier, campaigns=named))

    def _is_again(self, current: Generation) -> bool:
        return current.digest == self._again

    def keep(self, state: State) -> None:
        """Nothing is kept."""


@contextmanager
def keeping(path: Path, salt: bytes, window_days: int | None) -> Iterator[Keeper]:
    """Hold the state in a folder while a scan runs; the folder is made when there is none.

    window_days     Days that a new state remembers; None takes the state's own, or `DEFAULT_DAYS`.
    Raises          As `StateFolder.held` and `StateFolder.current`; InvalidInput when the window differs.
    """
    State(window_days or DEFAULT_DAYS)
    with StateFolder(path, salt).held() as folder:
        keeper = Keeper(folder, window_days)
        keeper.check_window()
        yield keeper
