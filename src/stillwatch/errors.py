"""What can go wrong, one class per different reaction of the caller.

::

    StillwatchError
    ├── InvalidInput (ValueError)        an argument, option or option file is wrong: correct it
    ├── UnreadableSource (OSError)       a file cannot be opened or is damaged: look at the file
    ├── UnknownFormat (ValueError)       a file is of no format we read: name a mapping
    ├── QuarantinedRows (ValueError)     --strict, and some rows were not accepted: look at quarantine.parquet
    ├── MissingData (LookupError)        something that was named does not exist: campaign, corpus, findings
    ├── IncompatibleVersion (ValueError) a saved file comes from another version: make it again
    ├── OutOfMemory (MemoryError)        the stated limit is too small for the job: raise it
    ├── EngineUnavailable (RuntimeError) Spark, Java or the cluster is not there, or gave up: install or start it
    ├── FailedProof (ValueError)         a signature, proof or ledger does not hold: name its party
    └── Declined (ConnectionError)       another party does not answer, or will not: wait, or ask its operator

Messages say what, value, allowed, where. They hold ids and offsets, never prompt text or keys.
"""

__all__ = [
    "Declined",
    "EngineUnavailable",
    "FailedProof",
    "IncompatibleVersion",
    "InvalidInput",
    "MissingData",
    "OutOfMemory",
    "QuarantinedRows",
    "StillwatchError",
    "UnknownFormat",
    "UnreadableSource",
]


class StillwatchError(Exception):
    """Anything stillwatch raises on purpose."""

    exit_code = 1


class InvalidInput(StillwatchError, ValueError):
    """An argument, option or option file is wrong; the caller corrects it."""

    exit_code = 2


class UnreadableSource(StillwatchError, OSError):
    """A file cannot be opened, or is damaged beyond its rows."""

    exit_code = 4


class UnknownFormat(StillwatchError, ValueError):
    """No reader recognises the content of a file."""

    exit_code = 4


class QuarantinedRows(StillwatchError, ValueError):
    """``--strict`` was asked for and some rows were quarantined or duplicates."""

    exit_code = 3


class MissingData(StillwatchError, LookupError):
    """Something that was named does not exist."""

    exit_code = 2


class IncompatibleVersion(StillwatchError, ValueError):
    """A saved file was written by a version whose layout differs."""

    exit_code = 5


class OutOfMemory(StillwatchError, MemoryError):
    """The stated memory limit is too small for the job."""

    exit_code = 6


class EngineUnavailable(StillwatchError, RuntimeError):
    """What a cluster needs is not installed, does not answer, or gave up after its own attempts."""

    exit_code = 7


class FailedProof(StillwatchError, ValueError):
    """What another party sent is not what it claims: a signature, a proof or a ledger does not hold."""

    exit_code = 8


class Declined(StillwatchError, ConnectionError):
    """Another party's service does not answer, or declines: a budget is spent, a token is not known.

    retry_after_s   Seconds after which it may answer; None when it did not say.
    """

    exit_code = 9

    def __init__(self, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
