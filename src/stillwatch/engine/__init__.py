"""Where big jobs run: three verbs (map, reduce, group) over data sets that need not fit into memory.

Every engine follows `stillwatch.model.engine.Engine` and passes one contract (tests/engine/test_engine_contract.py).
"""

from stillwatch.engine.local import LocalEngine
from stillwatch.engine.memory import parse_memory
from stillwatch.engine.parquet import ParquetDataset

__all__ = ["LocalEngine", "ParquetDataset", "parse_memory"]
