"""The collector: every accepted exchange durable once, by hour, whatever happens.

::

    FOLDER/traffic/date=2026-01-31/hour=13/0000000012-5f0c9a1e.parquet     exchanges by the hour of their time
    FOLDER/traffic/date=2026-01-31/hour=11/whole-0f3b9c6a2d418e75.parquet  several such files of an hour that is over
    FOLDER/quarantine/date=2026-01-31/0000000012-5f0c9a1e.parquet          rows put aside, by the day of their arrival
    FOLDER/collector/lock                                                  held by the one process that writes
    FOLDER/collector/segments/0000000013-91b2d4c0.wal                      committed, not yet by hour
    FOLDER/collector/plans/001769857200-whole-0f3b9c6a2d418e75.json        which files that one takes the place of
    FOLDER/collector/ids/0000000012-5f0c9a1e.ids                           hashes of the ids that a segment held

What is answered 200 was flushed to the disk in a segment. Segments become Parquet in the order in which they were
written; names derive from the segment's, so that whatever is done again after a crash overwrites its own work.
"""
