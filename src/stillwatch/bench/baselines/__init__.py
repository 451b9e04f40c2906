"""What others would use on the same traffic, one file each, in the order of the scoreboard."""

from stillwatch.bench.baselines.elicitation_rate import ElicitationRate
from stillwatch.bench.baselines.fraudar import Fraudar
from stillwatch.bench.baselines.mmd_embedding import MmdEmbedding
from stillwatch.bench.baselines.mmd_tfidf import MmdTfIdf
from stillwatch.bench.baselines.prada import Prada
from stillwatch.bench.baselines.seat import Seat
from stillwatch.bench.baselines.shared_payment import SharedPayment
from stillwatch.bench.baselines.signal_fusion import SignalFusion
from stillwatch.bench.baselines.synchrotrap import SynchroTrap
from stillwatch.bench.baselines.template_spread import TemplateSpread
from stillwatch.bench.baselines.volume import Volume
from stillwatch.model.baseline import Baseline

__all__ = ["BASELINES"]

BASELINES: tuple[Baseline, ...] = (
    Volume(),
    ElicitationRate(),
    SharedPayment(),
    TemplateSpread(),
    SynchroTrap(),
    Fraudar(),
    Prada(),
    Seat(),
    MmdTfIdf(),
    MmdEmbedding(),
    SignalFusion(),
)
