"""Tags: values in one form, evaluated under an epoch's key, compared by the million without being told."""

from stillwatch.share.tags.bands import BANDS_OF_A_HIT, chance_of_a_hit
from stillwatch.share.tags.block import TAG_BYTES, TagBlock
from stillwatch.share.tags.canonical import canonical, tag_input
from stillwatch.share.tags.epochs import EPOCH_DAYS, epoch_end, epoch_of, epoch_start

__all__ = [
    "BANDS_OF_A_HIT",
    "EPOCH_DAYS",
    "TAG_BYTES",
    "TagBlock",
    "canonical",
    "chance_of_a_hit",
    "epoch_end",
    "epoch_of",
    "epoch_start",
    "tag_input",
]
