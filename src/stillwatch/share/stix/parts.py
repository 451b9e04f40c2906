"""Which objects belong to an indicator and to nothing else: what has to go with it when it is deleted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stillwatch.share.stix.atlas import ATTACK_PATTERNS, INTRUSION_SET
from stillwatch.share.stix.extension import EXTENSION
from stillwatch.share.stix.ids import derived_id, stix_id, uuid_of
from stillwatch.share.stix.markings import tlp_of

__all__ = ["parts_of"]


def parts_of(indicator_id: str, versions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of the indicator, its networks and its links; the campaign stays, others of its group may point to it.

    Ids of networks and links are derived from the indicator's, so that nothing has to be searched for. Some may be
    of objects that were never made.

    versions    The indicator's objects as far as they are known: they say which campaign it points to.

    >>> [made.partition("--")[0] for made in parts_of("6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89", [])[:3]]
    ['indicator', 'infrastructure', 'relationship']
    """
    networks = derived_id("infrastructure", indicator_id)
    links = [("attributed-to", INTRUSION_SET["id"]), ("uses", networks)]
    links += [("uses", attack["id"]) for attack in ATTACK_PATTERNS.values()]
    links += [("indicates", campaign) for told in versions for campaign in _campaign(told)]
    made = [derived_id("relationship", indicator_id, name, target) for name, target in links]
    return list(dict.fromkeys([stix_id("indicator", indicator_id), networks, *made]))


def _campaign(told: Mapping[str, Any]) -> Iterator[str]:
    extension = told.get("extensions", {}).get(EXTENSION, {})
    member, markings = uuid_of(told.get("created_by_ref"), "identity"), told.get("object_marking_refs") or [None]
    tlp = tlp_of(markings[0])
    if member is not None and tlp is not None and isinstance(extension.get("group"), str):
        yield derived_id("campaign", extension["group"], member, tlp.value)
