"""Until the rest is there."""

from web.live import ask, live


def test_a_decision_is_made_over_http(tmp_path):
    with live(tmp_path) as server:
        made = server.client().post("/v1/decisions", json=ask())
    assert made.status_code == 200
    assert made.json()["route"] == "act"
