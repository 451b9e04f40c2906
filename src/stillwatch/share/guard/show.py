"""The table in words, for counsel: one way to print it for the command and for the page."""

from collections.abc import Mapping
from typing import Final

from stillwatch.share.guard.cross import CROSS_RULES
from stillwatch.share.guard.limits import BYTES_MOST, DEPTH_MOST, NODES_MOST, TEXT_MOST
from stillwatch.share.guard.row import Row
from stillwatch.share.guard.scanners import SCANNERS
from stillwatch.share.guard.table import FIXED_OBJECTS
from stillwatch.share.guard.words import ENFORCEMENT_WORDS
from stillwatch.share.stix.extension import EXTENSION

__all__ = ["SECTIONS", "limits_of", "shown_path"]

SECTIONS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "objects that are the same for everybody": tuple(
        (made["type"], str(made.get("name", made.get("relationship_type")))) for made in FIXED_OBJECTS.values()
    ),
    "rules between fields": tuple((rule.name, rule.says) for rule in CROSS_RULES),
    "shapes of values that are named in a refusal": tuple((scanner.name, scanner.says) for scanner in SCANNERS),
    "words that have no place on the wire": (("words", ", ".join(ENFORCEMENT_WORDS)),),
    "bounds before anything else": (
        ("bytes", f"{BYTES_MOST:,}"),
        ("levels", str(DEPTH_MOST)),
        ("values and keys", f"{NODES_MOST:,}"),
        ("characters of a text", f"{TEXT_MOST:,}"),
    ),
}
"""What the table holds beside its rows: pairs of a name and what it says."""


def shown_path(row: Row) -> str:
    """Path of a row, with the extension called by its name.

    >>> from stillwatch.share.guard.table import ROWS
    >>> shown_path(ROWS[f"sighting.extensions.{EXTENSION}.days"])
    'sighting.extensions.stillwatch.days'
    """
    return row.path.replace(EXTENSION, "stillwatch")


def limits_of(row: Row) -> str:
    """Limits of a row in words; empty where its kind says it all.

    >>> from stillwatch.share.guard.table import ROWS
    >>> limits_of(ROWS["sighting.count"]), limits_of(ROWS["bundle.objects"])
    ('0, 1', '1 to 64')
    """
    parts = [", ".join(str(choice) for choice in row.choices)] if row.choices else []
    if row.most is not None:
        parts.append(f"{row.least or 0:,} to {row.most:,}")
    if row.step is not None:
        parts.append(f"in steps of {row.step}")
    return "; ".join(parts)
