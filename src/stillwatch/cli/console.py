"""``stillwatch console``: look at one scan's result in a browser."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["console"]


def console(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of findings, as `stillwatch scan --out` left it.")
    ],
    logs: Annotated[
        list[str] | None,
        typer.Option(help="What was scanned, so that single exchanges can be looked at; may be repeated."),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on this machine.")] = 8471,
    *,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open it in this machine's browser.")] = False,
) -> None:
    """Open the analyst's pages over one scan's result, for the person at this machine."""
    import logging
    import webbrowser

    from stillwatch.console.assembling import console_over
    from stillwatch.web.ending import Ending
    from stillwatch.web.listen import Listen
    from stillwatch.web.log import log_to_standard_error
    from stillwatch.web.server import server_of

    log_to_standard_error("stillwatch")
    logging.getLogger("stillwatch.requests").setLevel(logging.WARNING)
    place = Listen("127.0.0.1", port)
    with Ending() as ending, console_over(folder, logs or (), place.port) as opened:
        link = f"http://127.0.0.1:{place.port}/console/enter?key={opened.entry.text}"

        def started() -> None:
            typer.echo(f"{folder} is open at\n\n  {link}\n\nThe link lets one browser in, once. Ctrl-C ends.", err=True)
            if browse:
                webbrowser.open(link)

        server = server_of(opened.app, place, None)
        server.on_start = started
        ending.run(server, hurry=lambda: None)
