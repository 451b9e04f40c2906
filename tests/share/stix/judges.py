"""What other people's programs say of bundles: JSON in, JSON out.

A process of its own: they put an old loader of modules into the interpreter, of which every later import warns.
"""

import json
import sys
from typing import Any

if __name__ == "__main__":  # pytest looks into every file for examples
    import stix2
    from misp_stix_converter import ExternalSTIX2toMISPParser
    from misp_stix_converter.stix2misp.external_stix2_mapping import ExternalSTIX2toMISPMapping
    from stix2.confidence.scales import admiralty_credibility_to_value
    from stix2validator import ValidationOptions, validate_instance

PATTERN_TYPES = "245"
"""The one check that can be left out: pattern_type is an open vocabulary (STIX 2.1, 10.17); ours is not in its list."""


CREDIBILITY = (
    "1 - Confirmed by other sources",
    "2 - Probably True",
    "3 - Possibly True",
    "4 - Doubtful",
    "5 - Improbable",
)
"""Words of the standard's table."""


def complaints(bundle: dict[str, Any], disabled: str = "") -> list[str]:
    """Every MUST, every SHOULD as an error, and every reference of a relationship within the bundle."""
    options = ValidationOptions(version="2.1", strict=True, enforce_refs=True, disabled=disabled)
    return [str(error) for error in validate_instance(json.loads(json.dumps(bundle)), options).errors]


def misp(bundle: dict[str, Any]) -> dict[str, Any]:
    """Event that MISP makes of a bundle, and what its importer complains of."""
    parser = ExternalSTIX2toMISPParser()
    parser.load_stix_bundle(stix2.parse(bundle, allow_custom=True))
    parser.parse_stix_bundle(single_event=True)
    errors = [message for messages in parser.errors.values() for message in messages]
    return {"errors": errors, "event": json.loads(parser.misp_event.to_json())}


def judged(bundle: dict[str, Any]) -> dict[str, Any]:
    """All three of one bundle."""
    return {
        "strict": complaints(bundle, PATTERN_TYPES),
        "all": complaints(bundle),
        "parsed": json.loads(stix2.parse(bundle, allow_custom=False).serialize()),
        "misp": misp(bundle),
    }


def main() -> None:
    """Bundles by name on standard input."""
    bundles = json.loads(sys.stdin.read())
    told = {
        "bundles": {name: judged(bundle) for name, bundle in bundles.items()},
        "confidence": {word[0]: admiralty_credibility_to_value(word) for word in CREDIBILITY},
        "loads_infrastructure": ExternalSTIX2toMISPMapping.stix_object_loading_mapping("infrastructure") is not None,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
