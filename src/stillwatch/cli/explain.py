"""``stillwatch explain``: one campaign in words."""

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.options import AsJson

__all__ = ["explain"]


def explain(
    campaign: Annotated[str, typer.Argument(help="Id of the campaign, or its beginning.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder of findings.")] = Path("findings"),
    as_json: AsJson = False,
) -> None:
    """Say in words what one campaign is, on what evidence, and what would change the verdict."""
    from rich.console import Console

    from stillwatch.report import campaign_to_json, find_campaign, read_findings
    from stillwatch.report import explain as explained

    findings = read_findings(folder)
    found = find_campaign(findings, campaign)
    if as_json:
        typer.echo(campaign_to_json(found), nl=False)
    else:
        Console(highlight=False).print(explained(found, findings))
