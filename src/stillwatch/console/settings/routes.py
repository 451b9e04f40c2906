"""Pages of settings, and everybody's own."""

from typing import Final

from stillwatch.console.page import Page, act, look
from stillwatch.console.settings.adding import send_add, show_add
from stillwatch.console.settings.changing import (
    send_end,
    send_password,
    send_roles,
    send_sessions_end,
    show_user,
)
from stillwatch.console.settings.me import send_me_password, send_me_sessions_end, show_me
from stillwatch.console.settings.overview import show_file, show_overview
from stillwatch.console.settings.tokens import send_token, send_token_end, show_tokens
from stillwatch.service.access.roles import Right

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    look("/settings", show_overview, Right.ADMINISTER),
    look("/settings/file", show_file, Right.ADMINISTER),
    look("/settings/add-user", show_add, Right.ADMINISTER),
    act("/settings/add-user", send_add, Right.ADMINISTER),
    look("/settings/users/{name}", show_user, Right.ADMINISTER),
    act("/settings/users/{name}/roles", send_roles, Right.ADMINISTER),
    act("/settings/users/{name}/password", send_password, Right.ADMINISTER),
    act("/settings/users/{name}/sessions", send_sessions_end, Right.ADMINISTER),
    act("/settings/users/{name}/end", send_end, Right.ADMINISTER),
    look("/settings/tokens", show_tokens, Right.ADMINISTER),
    act("/settings/tokens", send_token, Right.ADMINISTER),
    act("/settings/tokens/{name}/end", send_token_end, Right.ADMINISTER),
    look("/me", show_me),
    act("/me/password", send_me_password, Right.LOOK),
    act("/me/sessions", send_me_sessions_end, Right.LOOK),
)
