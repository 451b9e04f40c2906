"""The sentences of the audit: what is told of a document, by kind and event.

``{field:how}`` is a field of the document, told as `words` tells that kind of value; what is no such kind is told as it
stands there. The sentence begins with who did it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stillwatch.ledger.entry import Kind

__all__ = ["SENTENCES"]

_DECISION: Final = {
    "decided": (
        "decided to {action:action} for {account_id:account} of {campaign_id:campaign}, by rule {rule:id} of policy "
        "{policy_version:policy}, until {expires_at:time}{change:change}"
    ),
    "ended": (
        "ended decision {decision_id:decision} about {account_id:account} of {campaign_id:campaign}: {ended_why:end}"
    ),
    "alarm": (
        "raised an alarm: policy {policy_version:policy} touched {share:share} of {what}, and may touch {limit:share}; "
        "it only observes now"
    ),
}
_POLICY: Final = {
    "version": "added policy {name:id}, version {version:policy}",
    "preview": (
        "previewed policy {version:policy} on traffic from {window_start:time} to {window_end:time}; "
        "it is preview {number}"
    ),
    "approval": "approved policy {version:policy} as preview {preview} shows it",
    "activate": "put policy {version:policy} in force for {stage} % of accused streams{approved_by:approved}",
    "rollback": "went back to policy {version:policy}",
    "stop": "put no policy in force",
}
_CASE: Final = {
    "opened": "opened the case of {case:campaign}: {verdict}",
    "assigned": "gave the case of {case:campaign} to {to:id}",
    "taken": "took the case of {case:campaign}",
    "noted": "wrote a note in the case of {case:campaign}",
    "closed": "closed the case of {case:campaign}: {why:closed}",
    "reopened": "opened the case of {case:campaign} again: there is new traffic",
    "judged": "judged {case:campaign} anew: {to}, it was {from}",
    "merged": "closed the case of {case:campaign}: it became part of {into:campaign}",
    "acted": "noted the first decision beyond observe that rests on {case:campaign}",
    "exported": "exported the case of {case:campaign}{with_text:texts}",
}
_APPEAL: Final = {
    "filed": (
        "filed appeal {appeal_id:appeal} against decision {decision_id:decision} about {campaign_id:campaign}: "
        "{grounds:grounds}"
    ),
    "looked-at": "took up appeal {appeal_id:appeal}",
    "answered": "answered appeal {appeal_id:appeal}: {outcome}",
}
_DISCLOSURE: Final = {
    "revealed": "looked at exchange {exchange_id:exchange} of campaign {campaign_id:campaign}: {reason}",
    "disclosed": "handed out the texts of {exchanges:n} exchanges of campaign {case:campaign}",
    "mark key disclosed": "handed out a mark key of purpose {purpose}",
}
_ROSTER: Final = {
    "user-added": "added the user {user:user} as {roles}",
    "user-changed": "gave the user {user:user} the roles {roles}",
    "user-password": "gave the user {user:user} another password",
    "user-ended": "let the user {user:user} in no more",
    "token-issued": "issued the token {name:user} for {scopes}",
    "token-ended": "ended the token {name:user}",
}

SENTENCES: Final[Mapping[tuple[Kind, str], str]] = MappingProxyType(
    {
        **{(Kind.DECISION, event): told for event, told in _DECISION.items()},
        **{(Kind.POLICY, event): told for event, told in _POLICY.items()},
        **{(Kind.CASE, event): told for event, told in _CASE.items()},
        **{(Kind.APPEAL, event): told for event, told in _APPEAL.items()},
        **{(Kind.DISCLOSURE, event): told for event, told in _DISCLOSURE.items()},
        **{(Kind.ROSTER_CHANGE, event): told for event, told in _ROSTER.items()},
        (Kind.REVOKE, "revoked"): "took back {n_indicators} indicators of {campaign_id:campaign}",
        (Kind.MARK_KEYS, ""): "committed to {keys} mark keys of epoch {epoch:id}",
    }
)
"""By kind, and what happened; `taken` is a case that somebody gave to himself or herself."""
