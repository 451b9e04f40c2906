"""The page of a preview: one file, no network, no script; whatever the logs hold is shown as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment
from markupsafe import Markup

from stillwatch import __version__
from stillwatch.act.policy.limits import Needs
from stillwatch.act.preview.compare import Changes
from stillwatch.act.preview.figures import HardCase, Previewed
from stillwatch.model.decision import Action
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.previewed import pictures, words
from stillwatch.report.previewed.bands import actions_of, rows_of
from stillwatch.report.templating import environment_of
from stillwatch.report.visible import visible

__all__ = ["to_html"]

_MOST_CAMPAIGNS: Final = 20
_CSS: Final = {Needs.ONE: "one", Needs.TWO: "two", Needs.REFUSED: "no"}


@dataclass(frozen=True, slots=True)
class _Case:
    """A hard case, ready to lay out."""

    case: HardCase
    verdict: str
    meter: Markup
    reasons: list[str]


@cache
def _environment() -> Environment:
    return environment_of(
        "stillwatch.report",
        {
            "after": words.after,
            "bits": quantities.bits,
            "count": quantities.count,
            "done": lambda action: words.ACTIONS[action],
            "moment": quantities.moment,
            "named": sentences.named,
            "share": quantities.share,
            "short": quantities.short,
            "visible": visible,
        },
    )


def to_html(found: Previewed, changes: Changes | None = None) -> str:
    """Whole page.

    changes     What another policy changes; None when none was held against it.
    """
    whole = found.effects[0] if found.effects else None
    return (
        _environment()
        .get_template("preview.html.j2")
        .render(
            found=found,
            version=__version__,
            summary=words.summary(found),
            needs=words.NEEDS[found.needs],
            needs_css=_CSS[found.needs],
            gauges=[
                (told, pictures.gauge(share, one, most, told)) for _, share, one, most, told in words.limits(found)
            ],
            actions=actions_of(found),
            breakdowns=[(one, list(rows_of(one))) for one in found.breakdowns],
            cases=list(_cases(found)),
            hardness=words.HARDNESS,
            doubts=words.doubts(found.doubt),
            signs=words.SIGNS,
            whole=whole,
            effect=words.effect(whole) if whole else "",
            loss=pictures.loss(whole.later, whole.since_found) if whole else "",
            has_step_up=any(row.action is Action.STEP_UP for row in found.rules),
            campaigns=found.effects[1 : _MOST_CAMPAIGNS + 1],
            n_campaigns_left_off=max(0, len(found.effects) - 1 - _MOST_CAMPAIGNS),
            verdicts=wording.VERDICTS,
            region=words.REGION,
            disclaimer=words.DISCLAIMER,
            changes=changes,
            changed=[one for one in changes.by if one.newly or one.no_longer] if changes else [],
        )
    )


def _cases(found: Previewed) -> Iterator[_Case]:
    for case in found.hardest:
        meter = pictures.meter(case.hardness, f"hardness {case.hardness:.2f} of 1")
        yield _Case(case, wording.VERDICTS[case.verdict].label, meter, words.reasons(case))
