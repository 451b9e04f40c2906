"""What a person reads after a scan: the table in the terminal, the page, and the files behind them."""

from stillwatch.report.explain import explain, find_campaign
from stillwatch.report.html import to_html
from stillwatch.report.json import campaign_to_json, from_json, to_json
from stillwatch.report.schema import campaigns_schema
from stillwatch.report.terminal import print_findings, print_report
from stillwatch.report.write import MARKER, REPORT, check_folder, read_findings, write_findings

__all__ = [
    "MARKER",
    "REPORT",
    "campaign_to_json",
    "campaigns_schema",
    "check_folder",
    "explain",
    "find_campaign",
    "from_json",
    "print_findings",
    "print_report",
    "read_findings",
    "to_html",
    "to_json",
    "write_findings",
]
