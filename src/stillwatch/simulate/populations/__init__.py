"""Legitimate kinds of use, one file each, in the order in which they are drafted."""

from stillwatch.simulate.population import Population
from stillwatch.simulate.populations.agents import Agents
from stillwatch.simulate.populations.api_customers import ApiCustomers
from stillwatch.simulate.populations.benchmarks import Benchmarks
from stillwatch.simulate.populations.classrooms import Classrooms
from stillwatch.simulate.populations.distillation import Distillation
from stillwatch.simulate.populations.enterprise import Enterprise
from stillwatch.simulate.populations.judges import Judges
from stillwatch.simulate.populations.offices import Offices
from stillwatch.simulate.populations.people import People
from stillwatch.simulate.populations.relays import Relays
from stillwatch.simulate.populations.tools import Tools
from stillwatch.simulate.populations.translation import Translation
from stillwatch.simulate.populations.viral import Viral

__all__ = ["POPULATIONS"]

POPULATIONS: tuple[Population, ...] = (
    People(),
    ApiCustomers(),
    Tools(),
    Enterprise(),
    Benchmarks(),
    Classrooms(),
    Relays(),
    Viral(),
    Offices(),
    Agents(),
    Judges(),
    Translation(),
    Distillation(),
)
