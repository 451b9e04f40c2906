"""A scan on a cluster gives the bytes that a scan on one machine gives, also when a worker dies in the middle."""

import threading
from pathlib import Path

import pytest
from tests import traffic
from tests.engine.cluster import Cluster, environment, running, why_not
from tests.scanning import write

import stillwatch
from stillwatch.report.json import to_json
