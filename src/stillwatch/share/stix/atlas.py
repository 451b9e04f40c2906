"""MITRE ATLAS: what a campaign does, the public case, and what a defender may consider. The same for everybody."""

from collections.abc import Iterable
from typing import Any, Final

from stillwatch.model.indicator import Technique, Tlp
from stillwatch.share.stix.extension import STILLWATCH
from stillwatch.share.stix.ids import CREATED, derived_id
from stillwatch.share.stix.markings import TLP_MARKINGS

__all__ = ["ADVICE", "ADVICE_LINKS", "ATTACK_PATTERNS", "CASE_STUDY", "INTRUSION_SET", "attack_patterns_of"]

CASE_STUDY: Final = "AML.CS0056"

_ATTACKS: Final = {
    "AML.T0024.002": "Extract AI Model",
    "AML.T0008.005": "AI Service Proxies",
    "AML.T0040": "AI Model Inference API Access",
    "AML.T0065": "LLM Prompt Crafting",
    "AML.T0021": "Establish Accounts",
    "AML.T0048.004": "AI Intellectual Property Theft",
}
_MITIGATIONS: Final = {
    "AML.M0004": ("Restrict Number of AI Model Queries", "Advice only: a member may consider it and decides alone."),
    "AML.M0024": ("AI Telemetry Logging", "Advice only: a member may consider it and decides alone."),
}
_ALWAYS: Final = ("AML.T0024.002", "AML.T0040", "AML.T0048.004")
_BY_TECHNIQUE: Final = {
    Technique.TEMPLATED_PROMPTS: "AML.T0065",
    Technique.LIST_SPLIT: "AML.T0065",
    Technique.REASONING_ELICITATION: "AML.T0065",
    Technique.GRADING_ELICITATION: "AML.T0065",
    Technique.REWRITING: "AML.T0065",
    Technique.TRAINING_FORMAT: "AML.T0065",
    Technique.FIXED_OUTPUT_FORMAT: "AML.T0065",
    Technique.TURN_DISPATCH: "AML.T0021",
    Technique.SHARED_PAYMENT: "AML.T0021",
    Technique.SHARED_NETWORKS: "AML.T0021",
    Technique.ADDRESS_ROTATION: "AML.T0008.005",
    Technique.RELAYED_TRAFFIC: "AML.T0008.005",
    Technique.MODEL_FOLLOWING: "AML.T0040",
}


def _reference(code: str) -> dict[str, str]:
    """Without a URL: the standard wants a hash of what is behind one, and that page changes."""
    return {"source_name": "mitre-atlas", "external_id": code}


def _fixed(kind: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of STIX
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": derived_id(kind, name),
        "created_by_ref": STILLWATCH["id"],
        "created": CREATED,
        "modified": CREATED,
        "name": name,
        "object_marking_refs": [TLP_MARKINGS[Tlp.CLEAR]["id"]],
        **more,
    }


ATTACK_PATTERNS: Final = {
    code: _fixed("attack-pattern", name, external_references=[_reference(code)]) for code, name in _ATTACKS.items()
}
ADVICE: Final = {
    code: _fixed("course-of-action", name, description=text, external_references=[_reference(code)])
    for code, (name, text) in _MITIGATIONS.items()
}
_MITIGATED: Final = "AML.T0024.002"


def _link(code: str, advice: dict[str, Any]) -> dict[str, Any]:
    return {
        **{
            key: advice[key] for key in ("spec_version", "created_by_ref", "created", "modified", "object_marking_refs")
        },
        "type": "relationship",
        "id": derived_id("relationship", code),
        "relationship_type": "mitigates",
        "source_ref": advice["id"],
        "target_ref": ATTACK_PATTERNS[_MITIGATED]["id"],
    }


ADVICE_LINKS: Final = {code: _link(code, advice) for code, advice in ADVICE.items()}
INTRUSION_SET: Final = _fixed(
    "intrusion-set",
    "Unattributed collection of model outputs",
    description="Nobody is named: who is behind a campaign is not shared.",
    external_references=[_reference(CASE_STUDY)],
)


def attack_patterns_of(techniques: Iterable[Technique]) -> tuple[str, ...]:
    """ATLAS ids of these techniques and of what every campaign does, in order.

    >>> attack_patterns_of([Technique.RELAYED_TRAFFIC])
    ('AML.T0008.005', 'AML.T0024.002', 'AML.T0040', 'AML.T0048.004')
    """
    return tuple(sorted({*_ALWAYS, *(_BY_TECHNIQUE[technique] for technique in techniques)}))
