"""The service finds the node by one folder."""

from pathlib import Path

import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.service.partner.member import node_of
from stillwatch.service.settings import MemberSettings

TOLD = """
forum = "https://forum.example:8460"
collection = "campaigns"
token_file = "forum.token"
index = "index"
folder = "node"
[evaluators.north]
url = "https://north.example"
token_file = "north.token"
keys_file = "north.keys"
[evaluators.south]
url = "https://south.example"
token_file = "south.token"
keys_file = "south.keys"
"""


def test_where_the_database_of_the_node_is(tmp_path: Path) -> None:
    """Its settings say it, relative to themselves."""
    (tmp_path / "member.toml").write_text(TOLD)
    found = node_of(MemberSettings(tmp_path))
    assert found is not None
    assert found.folder == tmp_path / "node"


def test_a_folder_without_settings_is_told(tmp_path: Path) -> None:
    """A setting that names nothing is a mistake to mend, not an exchange that nobody takes part in."""
    with pytest.raises(UnreadableSource, match=r"member\.toml"):
        node_of(MemberSettings(tmp_path))
