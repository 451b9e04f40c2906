"""Facts that are opened beside the requests: a first start compiles kernels, and nobody waits for that."""

from collections.abc import Callable
from typing import Final

from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.decision import Facts, Request
from stillwatch.service.facts import FactsHealth, LiveFacts

__all__ = ["LateFacts"]

_NOTHING: Final = FactsHealth(None, None, is_stale=False, n_streams=0, n_accounts=0, n_window_accounts=0, problems=())


class LateFacts:
    """Nothing is known until they are open; so everything is observed until then, as it is without a policy."""

    def __init__(self) -> None:
        self._make: Callable[[], LiveFacts] | None = None
        self._live: LiveFacts | None = None
        self._opening: LiveFacts | None = None

    def open_by(self, make: Callable[[], LiveFacts]) -> None:
        """Say how they are opened: by the next `refresh`, and by the one after it when that fails."""
        self._make = make

    def facts(self, request: Request, /) -> Facts:
        """All that is known of a request."""
        return Facts() if self._live is None else self._live.facts(request)

    def refresh(self) -> bool:
        """Take up what is new; whether anything was."""
        if self._live is not None:
            return self._live.refresh()
        if self._make is None:
            return False
        live = self._opening = self._make()
        live.refresh()
        self._live = live
        return True

    def close(self) -> None:
        """Have no `refresh` wait any more, also the one that runs."""
        if self._opening is not None:
            self._opening.close()

    def lookup(self) -> SingleLookup | None:
        """Look-up of the index in use."""
        return None if self._live is None else self._live.lookup

    def health(self) -> FactsHealth:
        """How they fare."""
        return _NOTHING if self._live is None else self._live.health()

    def problems(self) -> tuple[str, ...]:
        """What is wrong, one sentence each."""
        return ("what is known of streams is being opened",) if self._live is None else self._live.problems()
