"""The signed bundle beside a report: whether it holds, and whether it is of this very report."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stillwatch.console.trace.folders import read_part
from stillwatch.errors import MissingData, StillwatchError, UnreadableSource
from stillwatch.report.traced.bundle import verify_trace_bundle
from stillwatch.signing import standalone

__all__ = ["BUNDLE", "MOST_BUNDLE_BYTES", "Bundle", "bundle_of"]

BUNDLE: Final = "bundle.zip"
MOST_BUNDLE_BYTES: Final = 64 << 20
_MOST_CHECKED: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was found of it.

    key_id      Name of the key that signed; empty when that is not known.
    n_openings  Keys of marks that are disclosed in it.
    is_good     Nothing was changed since it was signed, and it is of this report.
    wrong       Why it is not.
    """

    key_id: str = ""
    n_openings: int = 0
    is_good: bool = False
    wrong: str = ""


def bundle_of(base: Path, name: str, report: bytes) -> Bundle | None:
    """The bundle of a report; None when there is none.

    report      Bytes of the JSON beside it.
    """
    try:
        data = read_part(base, name, BUNDLE, _MOST_CHECKED)
    except MissingData:
        return None
    except UnreadableSource as error:
        return Bundle(wrong=f"{error}: check it with `stillwatch trace verify`")
    try:
        told = verify_trace_bundle(data)
        inside = json.loads(standalone.files_in(data)["report.json"])
    except (StillwatchError, standalone.BadBundle) as error:
        return Bundle(wrong=str(error))
    except (ValueError, KeyError, RecursionError):
        return Bundle(wrong="it holds no report that can be read")
    if _spelled(inside) != _spelled(json.loads(report)):
        return Bundle(str(told["key"]), int(told["openings"]), wrong="it is of another report than the one shown here")
    return Bundle(str(told["key"]), int(told["openings"]), is_good=True)


def _spelled(told: object) -> str:
    """One spelling of the same JSON, in which what is no number equals itself."""
    return json.dumps(told, sort_keys=True)
