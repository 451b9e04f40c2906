"""What the collector writes is what a scan reads, also while it writes."""

import threading
from pathlib import Path

import pyarrow as pa
from tests.service.collect.rows import n_aside, options, parcel, stored
from tests.service.collect.test_journal import result

from stillwatch import scan
from stillwatch.ingest import ingest
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.collector import journal_in


def test_readers_see_whole_files_only(tmp_path: Path) -> None:
    """Scans that run while segments become files find only whole exchanges, each once, and more every time."""
    bounds = Bounds(gather_s=0.0, segment_bytes=1)
    counts: list[int] = []
    n = 60
    with journal_in(tmp_path, options(bounds=bounds)) as journal:
        stored_one = result(journal.submit(parcel("first")))
        assert stored_one.n_accepted == 1
        assert journal.settle()

        def write() -> None:
            for i in range(n):
                result(journal.submit(parcel(f"{i}", at=1_700_000_000.0 + 600 * i)))

        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            logs = ingest(tmp_path / "traffic")
            table = pa.Table.from_batches(list(logs.batches()), EXCHANGE)
            table.validate(full=True)
            assert (logs.tally.rows_quarantined, logs.tally.rows_duplicate) == (0, 0)
            counts.append(table.num_rows)
        writer.join()
    assert counts == sorted(counts)
    assert len(stored(tmp_path)) == n + 1


def test_scan_reads_the_folder(tmp_path: Path) -> None:
    """``stillwatch scan`` of the whole folder of a service takes the traffic and nothing else for logs."""
    with journal_in(tmp_path / "service", options()) as journal:
        result(journal.submit(parcel(*(f"{i}" for i in range(50)), n_aside=3)))
    assert n_aside(tmp_path / "service") == 3
    tally = scan(tmp_path / "service").tally
    assert (tally.rows_read, tally.rows_kept, tally.rows_quarantined) == (50, 50, 0)
