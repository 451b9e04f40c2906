"""A process that is killed: it decides about one account after the other, and prints each answer when it is out.

Usage: ``python crash_child.py FOLDER loop|between``; with `between` it kills itself when the first record is durable,
before the answer.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.act.decide.made import world

from stillwatch.model.decision import Request


def main(folder: Path, mode: str) -> None:
    """Decide until killed."""
    with world(folder) as made:
        for n in count():
            if mode == "between":
                record = made.decider.begin(Request(f"a-{n}")).record
                assert record is not None
                record.result(30)
                os.kill(os.getpid(), signal.SIGKILL)
            found = made.ask(f"a-{n}")
            sys.stdout.write(f"a-{n} {found.decision_id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
