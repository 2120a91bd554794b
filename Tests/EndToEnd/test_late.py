"""What was heard late, and who voted for what: the history that is computed from what is stored."""

import time

import pytest

from conftest import Instance
from support.process import Martlet
from support.waiting import eventually
from support.workers import QUICK, first_results

pytestmark = pytest.mark.fleet


def test_what_came_late_tells_what_nobody_knew(tmp_path, worker, target, token_file):
    """The control plane is away while a target fails and comes back: its history says so afterwards, and nobody is told."""
    martlet = Martlet(tmp_path / "plane", "--cluster-token-file", str(token_file)).start()
    port = martlet.port
    plane = Instance(martlet)
    one = worker(plane.url, "fra")
    goal = target()
    monitor = plane.write.monitor(goal.url, regions=["fra"], **QUICK)
    first_results(plane, monitor)
    martlet.kill()
    away = time.time()
    time.sleep(17)
    goal.mode = "failing"
    time.sleep(16)
    goal.mode = "healthy"
    time.sleep(17)
    martlet.start(listen=f"127.0.0.1:{port}")
    away = time.time() - away
    uptime = lambda: plane.reader.read(f"monitors/{monitor['id']}/uptime/")  # noqa: E731
    learned = eventually(lambda: (seen := uptime())["learned_s"] > 0 and seen, 90, 0.5, what="time learned later")
    # All of it but what the worker needed to see that it was alone.
    assert away - 25 <= learned["learned_s"] <= away + 5, (learned, away)
    assert 10 <= learned["down_s"] <= 25, learned
    assert learned["uptime"] < 1
    assert plane.reader.read(f"monitors/{monitor['id']}/")["status"] == "up"
    assert plane.reader.read("incidents/")["total"] == 0
    assert plane.reader.read("notifications/")["total"] == 0
    assert one.stop() == 0, one.output
    assert martlet.stop() == 0


def test_an_incident_tells_how_its_regions_voted(plane, worker, target, region):
    worker(plane.url, region)
    goal = target()
    monitor = plane.write.monitor(goal.url, regions=["local", region], **QUICK)
    eventually(
        lambda: {row["region"] for row in first_results(plane, monitor)} == {"local", region}, 20, what="both regions"
    )
    goal.mode = "failing"
    mine = lambda: [i for i in plane.reader.read("incidents/")["results"] if monitor["id"] in i["monitor_ids"]]  # noqa: E731
    incident = eventually(mine, 30, what="an incident")[0]
    votes = plane.reader.read(f"incidents/{incident['id']}/votes/")["results"]
    assert [one["monitor_id"] for one in votes] == [monitor["id"]]
    assert [one["region"] for one in votes[0]["regions"]] == sorted(["local", region])
    for one in votes[0]["regions"]:
        spans = one["spans"]
        assert spans[-1]["vote"] == "down" and "up" in [span["vote"] for span in spans], one
        assert spans[0]["from"] == votes[0]["from"] and spans[-1]["to"] == votes[0]["to"]
        assert all(a["to"] == b["from"] for a, b in zip(spans, spans[1:]))
    quorum = votes[0]["quorum"]
    assert quorum["votes_down"] == quorum["needed"] == 2 and quorum["at"] >= incident["started_at"]
    assert quorum["down_since"] == incident["started_at"]
    goal.mode = "healthy"
    eventually(lambda: mine()[0]["resolved_at"], 40, what="the end")
    page = plane.owner.get(f"{plane.url}/incidents/{incident['id']}").text
    assert "Votes over time" in page and page.count('class="vote"') == 2
