"""One version: what it says, what is still needed, and what was done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from stillwatch.act.policy.activations import changes_of
from stillwatch.act.policy.approvals import Approval, approvals
from stillwatch.act.policy.limits import BEYOND_APPROVAL, CEILINGS, names
from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.act.policy.policy import Policy, Rule, duration_words
from stillwatch.act.policy.previews import Recorded, previews_of
from stillwatch.act.policy.versions import find_version, latest_versions, load_version, version_added
from stillwatch.console.policies.differing import Differing, differing
from stillwatch.console.policies.next_step import next_step, standing_of
from stillwatch.console.policies.stored_traffic import nothing_to_replay
from stillwatch.console.policies.words import SHARES, UNITS, done, laid_out, rate, short
from stillwatch.console.visit import Visit, at
from stillwatch.report.previewed.words import over
from stillwatch.service.access.roles import Right

__all__ = ["Compared", "LimitRow", "RuleRow", "show_version", "take_text", "version_page"]

_MOST_OTHERS: Final = 30
_MOST_PREVIEWS: Final = 10
_MOST_CHANGES: Final = 20
_AMONG: Final = 500


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule, ready to lay out.

    when        Its condition, a part a line where it is long.
    says        What a customer reads.
    """

    rule: Rule
    when: str
    lasts: str
    rate: str
    says: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit of the policy.

    one         What one person may decide, and `most` what two may.
    """

    what: str
    one: str
    most: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Another policy that this one is held against.

    told        As the query names it.
    """

    told: str
    policy: Policy
    differing: Differing


def show_version(visit: Visit) -> Response:
    """The page; a version may be named by its first digits."""
    with visit.looking() as connection:
        version = find_version(connection, visit.part("version"))
    if version != visit.part("version"):
        return RedirectResponse(at("policies", version), HTTPStatus.SEE_OTHER)
    return version_page(visit)


def take_text(visit: Visit) -> Response:
    """The text of a version, as a file."""
    with visit.looking() as connection:
        policy = load_version(connection, find_version(connection, visit.part("version")), visit.console.keys)
    name = f"{policy.name.replace(' ', '-')}-{short(policy.version)}.toml"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(policy.text, media_type="application/toml; charset=utf-8", headers=headers)


def version_page(visit: Visit, refused: str = "", status: int = HTTPStatus.OK) -> Response:
    """The page.

    refused     Why what was asked for was not done; empty when nothing was, or it was.
    Raises      MissingData, FailedProof: as `load_version`.
    """
    keys = visit.console.keys
    with visit.looking() as connection:
        version = find_version(connection, visit.part("version"))
        policy = load_version(connection, version, keys)
        standing = standing_of(connection, policy, visit.signer())
        previews = previews_of(connection, version, keys, _MOST_PREVIEWS)
        values = {
            "added": version_added(connection, version, keys),
            "standing": standing,
            "previews": [(one, _approvals(connection, visit, one)) for one in previews],
            "changes": changes_of(connection, version, keys, _MOST_CHANGES, _AMONG),
            "others": [one for one in latest_versions(connection, keys, 0, _MOST_OTHERS) if one[0] != version],
            "compared": _compared(connection, visit, policy),
        }
    shown = {
        "refused": refused,
        "policy": policy,
        "step": next_step(standing),
        "rules": [_rule(rule) for rule in policy.rules],
        "limits": list(_limits(policy)),
        "packaged": PACKAGED,
        "no_traffic": nothing_to_replay(visit.console),
        "Right": Right,
        "shares": SHARES,
        "units": UNITS,
        "done": done,
        "digits": short,
        "laid_out": laid_out,
        "path": lambda *parts, **query: at("policies", *parts, **query),
    }
    return visit.render("policies/version", {**values, **shown}, status)


def _approvals(connection: Connection, visit: Visit, one: Recorded) -> Sequence[Approval]:
    return approvals(connection, one.number, visit.console.keys)


def _compared(connection: Connection, visit: Visit, policy: Policy) -> Compared | None:
    """What `against` names."""
    told = visit.asked("against")
    if not told:
        return None
    other = (
        packaged(told)
        if told in PACKAGED
        else load_version(connection, find_version(connection, told), visit.console.keys)
    )
    return Compared(told, other, differing(other, policy))


def _rule(rule: Rule) -> RuleRow:
    return RuleRow(
        rule,
        laid_out(rule.when.text),
        duration_words(rule.lasts),
        rate(rule),
        rule.says("[evidence]", "[link to object]"),
    )


def _limits(policy: Policy) -> list[LimitRow]:
    return [
        LimitRow(
            SHARES[name],
            over(min(getattr(policy.limits, name), getattr(CEILINGS, name))),
            over(getattr(BEYOND_APPROVAL, name)),
        )
        for name in names()
    ]
