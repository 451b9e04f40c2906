"""Properties that STIX has no place for: one extension, declared once, the same for everybody."""

from typing import Any, Final

from stillwatch.model.indicator import Tlp
from stillwatch.share.stix.ids import CREATED
from stillwatch.share.stix.markings import TLP_MARKINGS

__all__ = ["EXTENSION", "EXTENSION_DEFINITION", "STILLWATCH"]

EXTENSION: Final = "extension-definition--3c0a8f0e-52b7-4d64-9a37-6f1c5be2d7a1"

STILLWATCH: Final[dict[str, Any]] = {
    "type": "identity",
    "spec_version": "2.1",
    "id": "identity--8e5d2c47-0b3a-4f19-8c6e-71a2d94f0b35",
    "created": CREATED,
    "modified": CREATED,
    "name": "stillwatch",
    "identity_class": "system",
    "object_marking_refs": [TLP_MARKINGS[Tlp.CLEAR]["id"]],
}
"""Who made the objects that are the same for everybody."""

EXTENSION_DEFINITION: Final[dict[str, Any]] = {
    "type": "extension-definition",
    "spec_version": "2.1",
    "id": EXTENSION,
    "created_by_ref": STILLWATCH["id"],
    "created": CREATED,
    "modified": CREATED,
    "name": "stillwatch",
    "description": "Grades, techniques, keyed tags and answers about campaigns that collect model outputs.",
    "schema": "The closed table of what may cross; its SHA-256 is the property schema of every extension.",
    "version": "1.0.0",
    "extension_types": ["property-extension"],
    "object_marking_refs": [TLP_MARKINGS[Tlp.CLEAR]["id"]],
}
