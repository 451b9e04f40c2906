"""A process that reads bodies: ``python -m stillwatch.service.collect.reading_child``.

Reading takes the interpreter from whoever else wants it, and decisions wait milliseconds. So a collector has it done
here: rules come first, then one question after the other, each answered (`reading_words`). It yields to the service
(nice), hears no signals, and ends when its standard input does, in whatever way the service ended.
"""

import os
import signal
from typing import Final

from stillwatch.service.collect.clock import Clock, Now
from stillwatch.service.collect.intake import Intake
from stillwatch.service.collect.reading_words import answer, read_line, read_question, rules_of, write

__all__ = ["main"]

_NICE: Final = 5
_STDIN, _STDOUT = 0, 1


class _Told(Clock):
    """The time of the question."""

    def __init__(self) -> None:
        super().__init__()
        self.told = Now(0.0, 0.0)

    def now(self) -> Now:
        """As the collector says."""
        return self.told


def main() -> None:
    """Read until there is nothing to read."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    answers = os.dup(_STDOUT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    rules = read_line(_STDIN)
    if rules is None:
        return
    clock = _Told()
    intake = Intake(rules_of(rules), clock)
    while (question := read_question(_STDIN)) is not None:
        bodies, clock.told = question
        write(answers, *answer(intake.read_together(bodies)))


if __name__ == "__main__":
    main()
