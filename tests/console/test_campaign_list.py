"""The list of campaigns."""

from tests.console.conftest import Rig


def test_list_shows_campaigns_and_their_states(rig: Rig) -> None:
    """Every campaign of the findings stands in the list, with its verdict and the state of its case."""
    answer = rig.as_("vera").get("/console/campaigns")
    assert answer.status_code == 200
    assert "harvest" in answer.text
    assert "open" in answer.text
    assert "<script>alert" not in answer.text
