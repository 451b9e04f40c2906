"""Tell campaigns of model distillation in API traffic from heavy legitimate use."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stillwatch.errors import StillwatchError
    from stillwatch.model.campaign import Campaign, Verdict
    from stillwatch.model.findings import Findings
    from stillwatch.scan import scan

__all__ = ["Campaign", "Findings", "StillwatchError", "Verdict", "__version__", "scan"]

__version__ = "0.1.0"

_HOMES = {
    "Campaign": "stillwatch.model.campaign",
    "Findings": "stillwatch.model.findings",
    "StillwatchError": "stillwatch.errors",
    "Verdict": "stillwatch.model.campaign",
    "scan": "stillwatch.scan",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first used, so that ``stillwatch --version`` need not wait for the kernels."""
    if name not in _HOMES:
        message = f"module 'stillwatch' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - lazy on purpose

    return getattr(import_module(_HOMES[name]), name)
