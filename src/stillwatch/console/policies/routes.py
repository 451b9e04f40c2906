"""Pages of policies."""

from typing import Final

from stillwatch.console.page import Page, act, look
from stillwatch.console.policies.changing import send_activate, send_approve, send_rollback, send_stop
from stillwatch.console.policies.checking import MOST_BYTES
from stillwatch.console.policies.editing import send_add, send_check, send_packaged, show_new
from stillwatch.console.policies.listing import show_list
from stillwatch.console.policies.previewed import show_preview, take_preview
from stillwatch.console.policies.previewing import send_preview
from stillwatch.console.policies.version import show_version, take_text
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

_MOST_FORM: Final = 3 * MOST_BYTES + (64 << 10)
"""A form writes a byte as up to three; what is too long by then is told with the text beside it."""

PAGES: Final[tuple[Page, ...]] = (
    look("/policies", show_list),
    look("/policies/new", show_new, Right.WORK),
    act("/policies/check", send_check, Right.WORK, _MOST_FORM),
    act("/policies/add", send_add, Right.WORK, _MOST_FORM),
    act("/policies/packaged", send_packaged, Right.WORK),
    act("/policies/rollback", send_rollback, Right.ACT),
    act("/policies/stop", send_stop, Right.ACT),
    look("/policies/{version}", show_version),
    look("/policies/{version}/text", take_text),
    act("/policies/{version}/preview", send_preview, Right.WORK),
    act("/policies/{version}/approve", send_approve, Right.APPROVE),
    act("/policies/{version}/activate", send_activate, Right.ACT),
    look("/policies/{version}/previews/{number}", show_preview),
    look("/policies/{version}/previews/{number}/table/{name}", take_preview),
)
