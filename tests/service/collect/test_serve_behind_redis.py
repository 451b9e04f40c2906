"""The whole service with a Redis in its settings: what fronts have put there comes into its traffic."""

from pathlib import Path

import pytest
from tests.service.collect.redis_server import BINARY, running, sink_to, until
from tests.service.collect.rows import parcel, stored

from stillwatch.ingest import installation_salt
from stillwatch.service.collect.redis_stream import StreamName, checked_stream
from stillwatch.service.home import open_home
from stillwatch.service.serving import serving
from stillwatch.service.settings import CollectSettings, ServiceSettings, WatchSettings


@pytest.mark.skipif(BINARY is None, reason="there is no redis-server on this machine")
def test_takes_what_fronts_have_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parcel that a front adds is in the service's traffic, and without Redis the service says so and goes on."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "salt"))
    with running(tmp_path / "redis") as server:
        checked_stream(server.url, StreamName(), installation_salt())
        told = ServiceSettings(
            folder=tmp_path / "service",
            collect=CollectSettings(redis=server.url),
            watch=WatchSettings(every_s=3600.0),
        )
        with open_home(told, is_first=True) as home, serving(home) as (service, _), sink_to(server) as sink:
            assert sink.submit(parcel("a")).result(60).is_durable
            until(server.is_empty)
            assert "collect" not in service.health().problems
            server.stop()
            until(lambda: "collect" in service.health().problems)
            assert service.health().problems["collect"] == ("Redis cannot be read: ConnectionError",)
            assert service.health().takes
    assert stored(tmp_path / "service") == ["a"]
