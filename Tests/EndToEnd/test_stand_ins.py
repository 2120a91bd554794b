"""Workers of no region, which look where a region has none: with leave only, as one vantage point, and no longer than needed."""

import time

import pytest

from support.waiting import eventually
from support.workers import QUICK, ByHand, first_results, settled, stamp, wait_until_due

pytestmark = pytest.mark.fleet


def test_a_stand_in_looks_where_a_region_has_no_worker_and_gives_way(plane, worker, target, region):
    gone = ByHand(plane.url, region)
    gone.jobs()
    quick = {**QUICK, "regions": [region]}
    lent = plane.write.monitor(target().url, allow_stand_in=True, **quick)
    kept = plane.write.monitor(target().url, **quick)
    assert (lent["allow_stand_in"], kept["allow_stand_in"]) == (True, False)
    assert gone.http.post("leave/").status_code == 204
    stand_in = worker(plane.url, "*")

    def state(monitor):
        return plane.reader.read(f"monitors/{monitor['id']}/")["status"]

    rows = eventually(
        lambda: [r for r in plane.reader.read(f"monitors/{lent['id']}/results/")["results"] if r["stand_in"]], 60,
        what="a stand-in's result",
    )  # fmt: skip
    shown = next(one for one in plane.reader.read("regions/")["results"] if one["is_stand_in"])
    assert shown["name"] == "*" and not shown["is_private"]
    assert {(r["region"], r["worker_id"]) for r in rows} <= {(region, one["id"]) for one in shown["workers"]}
    eventually(lambda: state(lent) == "up", 20, what="up, by the stand-in's word")
    assert state(kept) in ("pending", "unknown")
    refused = plane.write.request("POST", "monitors/", json={"url": target().url, "regions": ["*"]})
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/regions/0"

    own = worker(plane.url, region)
    eventually(
        lambda: not first_results(plane, lent)[0]["stand_in"] and state(kept) == "up", 30, what="the region's own worker"
    )
    since = stamp()
    time.sleep(10)
    account = settled(plane, lent, since, stamp())
    assert account["missed"] == {}, account
    newest = [r for r in first_results(plane, lent) if r["started_at"] > since]
    assert newest and not any(r["stand_in"] for r in newest), newest
    assert own.stop() == 0 and stand_in.stop() == 0


def test_stand_ins_are_one_vantage_point(plane, target, worker, region):
    """Two of three regions have no worker; a stand-in that sees the target down outvotes nobody."""
    names = [f"{region[:55]}-{n}" for n in (1, 2)]
    for name in names:
        gone = ByHand(plane.url, name)
        gone.jobs()
        gone.http.post("leave/")
    hand = ByHand(plane.url, "*")
    monitor = plane.write.monitor(target().url, regions=["local", *names], allow_stand_in=True, **QUICK)
    said: set[str] = set()
    seen: list[str] = []
    until = time.monotonic() + 50
    while time.monotonic() < until:
        for job in hand.jobs(wait_ms=500):
            if job["monitor"]["id"] != monitor["id"]:
                continue
            wait_until_due(job)
            hand.deliver(hand.result(job, "down"))
            said.add(job["job_id"].split(".")[1])
        seen.append(plane.reader.read(f"monitors/{monitor['id']}/")["status"])
        if len(said) == 2 and seen[-1] == "degraded":
            break
    assert len(said) == 2, "it looked for both regions"
    assert "down" not in seen, seen
    assert seen[-1] == "degraded", "one against one for two intervals"
    hand.http.post("leave/")
