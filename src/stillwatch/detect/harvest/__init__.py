"""Structure tests: shards of one list differ less than people do.

Each is an effect with a standard error over accounts, computed on session heads; the evidence is equivalence, a small
effect with a small error. A test that has too little to judge by is missing, never zero.
"""

from stillwatch.detect.harvest.drift import Drift
from stillwatch.detect.harvest.elicitation import Elicitation
from stillwatch.detect.harvest.hour_identity import HourIdentity
from stillwatch.detect.harvest.items import Items
from stillwatch.detect.harvest.load import Load
from stillwatch.detect.harvest.locality import Locality
from stillwatch.detect.harvest.own import Own
from stillwatch.detect.harvest.repeats import Repeats
from stillwatch.detect.harvest.sessions import Sessions
from stillwatch.detect.harvest.structure import StructureTest
from stillwatch.detect.harvest.talk import Talk
from stillwatch.detect.harvest.topic_identity import TopicIdentity

__all__ = ["TESTS", "StructureTest"]

TESTS: tuple[StructureTest, ...] = (
    TopicIdentity(),
    Own(),
    HourIdentity(),
    Sessions(),
    Load(),
    Locality(),
    Drift(),
    Repeats(),
    Items(),
    Talk(),
    Elicitation(),
)
"""In the order of the design and of the score's features."""
