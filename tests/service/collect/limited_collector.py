"""A journal in a process that may write small files only: what `test_disk_full` runs."""

import json
import resource
import sys
import time
from pathlib import Path

from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import CollectorOptions, journal_in
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.refusal import Refusal

LIMIT = 40_000
SMALL = 12


def main() -> None:
    """Send large bodies into the limit, then small ones, then lift the limit; print what was kept and refused."""
    options = CollectorOptions(b"salt" * 8, bounds=Bounds(gather_s=0.0, spare_bytes=0, retry_s=1))
    intake = options.intake()
    kept: list[str] = []
    refused: list[str] = []
    with journal_in(Path(sys.argv[1]), options) as journal:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))

        def send(name: str, size: int) -> bool:
            row = {"exchange_id": name, "time": time.time(), "account_id": "a", "prompt_text": "x" * size}
            try:
                journal.submit(intake.read(json.dumps(row).encode(), BodyFormat.NATIVE)).result(30)
            except Refusal as refusal:
                refused.append(refusal.reason)
                return False
            kept.append(name)
            return True

        def send_until_kept(name: str, size: int) -> None:
            while not send(name, size):
                time.sleep(0.05)

        for i in range(SMALL):
            send_until_kept(f"small-{i}", 4_000)
        send("too large", 2 * LIMIT)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        send_until_kept("too large", 2 * LIMIT)
    print(json.dumps({"kept": kept, "refused": refused}))  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
