"""What is remembered of earlier windows so that a new one can be judged with them: numbers and hashes, no text.

Each part is a value that merges, ``a.merge(b) == b.merge(a)``, and that forgets what is older than a day. `Earlier` is
how the rest of detection asks.
"""

from stillwatch.detect.memory.accounts import AccountMemory
from stillwatch.detect.memory.campaigns import CampaignMemory
from stillwatch.detect.memory.earlier import Earlier
from stillwatch.detect.memory.families import FamilyMemory
from stillwatch.detect.memory.groups import GroupMemory
from stillwatch.detect.memory.shares import ShareMemory

__all__ = ["AccountMemory", "CampaignMemory", "Earlier", "FamilyMemory", "GroupMemory", "ShareMemory"]
