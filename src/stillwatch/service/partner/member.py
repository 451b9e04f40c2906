"""Where the member's node is: the service is told the folder of its ``member.toml`` and nothing else."""

from pathlib import Path
from typing import Final

from stillwatch.service.settings import MemberSettings
from stillwatch.share.node.settings import NodeSettings, read_settings

__all__ = ["MEMBER_FILE", "node_of"]

MEMBER_FILE: Final = "member.toml"


def node_of(member: MemberSettings) -> NodeSettings | None:
    """Settings of the node, whose folder is what `PartnerWords` reads; None when there is none.

    Raises  UnreadableSource when the folder has no settings; InvalidInput when they are wrong.

    >>> node_of(MemberSettings()) is None
    True
    """
    return None if member.folder is None else read_settings(Path(member.folder) / MEMBER_FILE)
