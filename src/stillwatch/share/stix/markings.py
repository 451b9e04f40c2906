"""Traffic Light Protocol 2.0 as OASIS publishes it for STIX 2.1: ids and objects that nobody may make anew."""

from typing import Any, Final

from stillwatch.model.indicator import Tlp

__all__ = ["TLP_EXTENSION", "TLP_MARKINGS", "tlp_of"]

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""Extension that carries TLP 2.0; STIX 2.1 itself predefines TLP 1.0 alone."""

_IDS: Final = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}


def _marking(tlp: Tlp) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _IDS[tlp],
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{tlp.value.upper()}",
        "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.value}},
    }


TLP_MARKINGS: Final = {tlp: _marking(tlp) for tlp in Tlp}
"""References: OASIS cti-stix-common-objects, extension-definition-specifications/tlp-2.0."""


def tlp_of(identifier: object) -> Tlp | None:
    """Level of a marking's id; None for other markings.

    >>> tlp_of("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003").value
    'amber+strict'
    """
    return next((tlp for tlp, known in _IDS.items() if known == identifier), None)
