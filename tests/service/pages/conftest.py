"""A service's database for the tests of its pages."""

from tests.act.conftest import opened

__all__ = ["opened"]
