"""The forum of ``benchmarks.share_exchange``: as ``stillwatch forum`` runs it, its quotas lifted."""

import sys
from datetime import UTC, datetime

from benchmarks.share_exchange_world import World

from stillwatch.share.access.access import Access
from stillwatch.share.access.quotas import Limits
from stillwatch.share.forum.app import Settings, forum_app
from stillwatch.share.forum.member_keys import key_routes
from stillwatch.share.forum.recording import ledger_events
from stillwatch.share.forum.server import forum_server
from stillwatch.share.guard.check import check
from stillwatch.share.taxii.store import Store
from stillwatch.signing.keys import SigningKey
from stillwatch.web.listen import Listen

UNLIMITED = Limits(requests=10**9, objects=10**9, size_bytes=1 << 50)


def serve(world: World) -> None:
    """Serve until the signal to end."""
    on_event = ledger_events(SigningKey.load(world.folder / "forum.key"))
    store = Store(world.folder / "forum.db", on_event)
    access = Access(store.engine, UNLIMITED)
    settings = Settings(routes=key_routes(store.engine, access, on_event), on_event=on_event)
    app = forum_app(store, access, lambda item: check(item, now=datetime.now(UTC)), settings)
    forum_server(app, Listen("127.0.0.1", int(world.url.rpartition(":")[2]))).run()
    store.close()


if __name__ == "__main__":
    serve(World.of(sys.argv[1]))
