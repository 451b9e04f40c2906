"""The member as the service uses it, with a node and without one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.model.decision import Request
from stillwatch.service.home import open_home
from stillwatch.service.partner.service_member import Member, member_of
from stillwatch.service.settings import MemberSettings, ServiceSettings

NOBODY = Request("acct-1", prompt_text="some words")


def test_without_a_node_nobody_says_anything() -> None:
    """A provider that takes part in no exchange has no partners, and no problem with them."""
    with member_of(MemberSettings(), lambda: None) as member:
        member.refresh()
        assert member.word(NOBODY) is None
        assert member.problem is None


def test_a_folder_without_a_node_is_told_at_the_start(tmp_path: Path) -> None:
    """Whoever names a folder means it: the service does not start without what partners say."""
    with pytest.raises(UnreadableSource, match=r"member\.toml"), member_of(MemberSettings(tmp_path), lambda: None):
        pass


def test_what_waits_is_taken_back_or_told(tmp_path: Path) -> None:
    """Without a node an upheld appeal has nobody to be told to, and is done."""
    with open_home(ServiceSettings(folder=tmp_path / "home"), is_first=True) as home:
        member = Member(None, None)
        member.take_back(home, datetime.now(UTC))
        assert member.problem is None
