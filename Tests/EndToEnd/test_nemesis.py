"""Faults of the places that look, in earnest: networks, name servers, clocks and links that fail in each way they can. None
of them is an outage of a target, and each slot ends in a result or a reason."""

import datetime
import glob
import os
import random
import subprocess
import time

import pytest

from conftest import Instance, needs_root
from support.dns import FAILURES, Nameserver, RootServer
from support.networks import Networks
from support.process import Martlet
from support.targets import Target
from support.translating import FromTheFuture
from support.waiting import eventually
from support.workers import QUICK, Link, first_results, settled, slots, stamp

pytestmark = pytest.mark.fleet

# One failing attempt that is enough for *down* leaves no time to find out that it is the region's.
PATIENT = {**QUICK, "attempts": 3}


def states(plane) -> dict[str, str]:
    return {one["name"]: one["state"] for one in plane.reader.read("regions/")["results"]}


def status(plane, monitor: dict) -> str:
    return plane.reader.read(f"monitors/{monitor['id']}/")["status"]


@needs_root
def test_a_region_that_reaches_nothing_but_the_control_plane_calls_nothing_down(plane, worker, certificates):
    if reason := Networks.missing():
        pytest.skip(reason)
    regions = ["nor", "sud", "wes", "ost"]
    # Targets of different sites, as far as a guard can tell: a network each.
    sites = [f"10.77.{100 + number}.1" for number in range(6)]
    control = "10.77.200.1"
    with Networks(regions, [*sites, control]) as networks:
        target = Target(address="0.0.0.0")
        link = Link(plane.martlet.port, control, certificates.context(control))
        try:
            for region in regions:
                worker(link.url, region, "--ca-file", str(certificates.authority), wrapper=networks.inside(region))
            far, near = regions[3], regions[:3]
            shared = [plane.write.monitor(f"http://{site}:{target.port}/", regions=regions, **PATIENT) for site in sites]
            alone = plane.write.monitor(f"http://{sites[0]}:{target.port}/", regions=[far], **PATIENT)
            for monitor in (*shared, alone):
                eventually(lambda: status(plane, monitor) == "up", 30, what="up")
            since = stamp()
            networks.drop(far, "!=", control)
            eventually(lambda: states(plane)[far] == "suspect", 40, what="the region suspect")
            # One fails by itself meanwhile, and the others say so: three of four are enough.
            seen = {status(plane, one) for _ in range(60) for one in (*shared, alone) if not time.sleep(0.03)}
            assert "down" not in seen, seen
            assert status(plane, alone) == "unknown"
            until = stamp(-5_000)
            for monitor in (*shared, alone):
                account = settled(plane, monitor, since, until)
                assert account["due"] == account["results"] + sum(account["missed"].values()), account
                assert set(account["missed"]) == {"region_suspect"}, account
            for region in near:
                account = slots(plane.reader, shared[0]["id"], region, **{"from": since, "to": until})
                assert account["results"] == account["due"] >= 1, (region, account)
            networks.mend(far)
            eventually(lambda: states(plane)[far] == "healthy", 90, what="the region well again")
            eventually(lambda: status(plane, alone) == "up", 30, what="up again")
            assert plane.reader.read("incidents/")["results"] == []
        finally:
            target.stop()
            link.stop()


@needs_root
def test_many_targets_that_are_down_at_once_are_down_while_there_is_a_way_out(plane, worker, certificates):
    if reason := Networks.missing():
        pytest.skip(reason)
    # Public addresses, as far as anybody in the namespace can tell: the way out is another matter than the way next door.
    sites = [f"11.77.{100 + number}.1" for number in range(5)]
    roots = ["11.77.210.1", "11.77.211.1"]
    control = "10.77.200.1"
    with Networks(["pro"], [*sites, *roots, control]) as networks:
        target = Target(address="0.0.0.0")
        link = Link(plane.martlet.port, control, certificates.context(control))
        servers = [RootServer(address) for address in roots]
        try:
            asked = ("--root-servers", ",".join(server.at for server in servers))
            worker(link.url, "pro", "--ca-file", str(certificates.authority), *asked, wrapper=networks.inside("pro"))
            monitors = [
                plane.write.monitor(f"http://{site}:{target.port}/", regions=["pro"], **PATIENT) for site in sites
            ]
            for monitor in monitors:
                eventually(lambda: status(plane, monitor) == "up", 30, what="up")
            since = stamp()
            for site in sites:
                networks.drop("pro", site)
            for monitor in monitors:
                eventually(lambda: status(plane, monitor) == "down", 30, what="down")
            assert states(plane)["pro"] == "healthy"
            networks.mend("pro")
            for monitor in monitors:
                eventually(lambda: status(plane, monitor) == "up", 60, what="up again")
                assert settled(plane, monitor, since, stamp(-8_000))["missed"] == {}
            # The same targets, and the root with them: now it is the region.
            before = plane.reader.read("incidents/")["total"]
            networks.drop("pro", "!=", control)
            eventually(lambda: states(plane)["pro"] == "suspect", 40, what="the region suspect")
            seen = {status(plane, one) for _ in range(30) for one in monitors if not time.sleep(0.03)}
            assert seen <= {"up", "unconfirmed", "unknown"}, seen
            assert plane.reader.read("incidents/")["total"] == before
        finally:
            for server in servers:
                server.stop()
            target.stop()
            link.stop()


def test_name_servers_that_fail_everybody_are_not_the_targets_outage(plane, worker, target, region):
    names = Nameserver()
    before = plane.reader.read("incidents/")["total"]
    worker(plane.url, region, "--dns", names.at)
    port = target().port
    monitor = plane.write.monitor(f"http://shop.test:{port}/", regions=[region], **QUICK)
    first_results(plane, monitor)
    # Servers that never said a word about the root prove nothing by saying none: the worker asks once soon after it starts.
    eventually(lambda: "" in names.answered, 10, what="the first question for the root")
    for way in ("servfail", "silent", "nxdomain", "wrong_id", "truncated"):
        names.broken = {"*": way}
        eventually(lambda: states(plane)[region] == "suspect", 30, what=f"suspect for {way}")
        seen = {status(plane, monitor) for _ in range(20) if not time.sleep(0.1)}
        assert "down" not in seen, (way, seen)
        names.broken = {}
        eventually(lambda: states(plane)[region] == "healthy", 30, what=f"well again after {way}")
    eventually(lambda: status(plane, monitor) == "up", 20, what="up")
    account = settled(plane, monitor, monitor["created_at"], stamp(-8_000))
    assert set(account["missed"]) <= {"region_suspect"} and account["missed"]["region_suspect"] >= 5, account
    assert plane.reader.read("incidents/")["total"] == before
    # One name that fails while the rest of the DNS works is the target's, with its class and its phase.
    for way, reason in FAILURES.items():
        names.broken = {"shop.test": way}
        (run,) = plane.write.ok("POST", f"monitors/{monitor['id']}/check/")["run_ids"]
        row = eventually(
            lambda: next(
                (
                    one
                    for one in plane.reader.read(f"monitors/{monitor['id']}/results/")["results"]
                    if one["run_id"] == run
                ),
                None,
            ),
            20,
            what=f"the run that met {way}",
        )
        assert (row["failure"]["reason"], row["failure"]["phase"]) == (reason, "dns"), (way, row)
    eventually(lambda: status(plane, monitor) == "down", 40, what="down")
    names.stop()
    # What the region said before, while the name servers failed everybody, is drawn as what did not count.
    incident = next(i for i in plane.reader.read("incidents/")["results"] if monitor["id"] in i["monitor_ids"])
    (votes,) = plane.reader.read(f"incidents/{incident['id']}/votes/")["results"]
    (drawn,) = votes["regions"]
    assert "silenced" in [span["vote"] for span in drawn["spans"]] and drawn["spans"][-1]["vote"] == "down", drawn
    lately = next(one for one in plane.reader.read("regions/")["results"] if one["name"] == region)["unwell_7d"]
    assert lately["times"] == 5 and lately["total_s"] >= 10, lately  # five ways, two seconds each at least


@pytest.fixture
def wall_clock(tmp_path):
    """A wall clock that is off by what is written into `offset`, for what is started with `wrapper` before it."""
    library = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
    if not library:
        pytest.skip("faketime is not installed")
    offset = tmp_path / "offset"
    offset.write_text("+0\n")
    # The library would set up what its processes share by changing its environment, and a Swift program finds its arguments
    # beside that: another process keeps it instead.
    holder = subprocess.Popen(["faketime", "-f", "+0", "sh", "-c", "echo $FAKETIME_SHARED; read x"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    shared = holder.stdout.readline().strip()
    wrapper = (
        "env", f"LD_PRELOAD={library}", f"FAKETIME_SHARED={shared}", f"FAKETIME_TIMESTAMP_FILE={offset}",
        "FAKETIME_NO_CACHE=1", "DONT_FAKE_MONOTONIC=1",
    )  # fmt: skip
    yield offset, wrapper
    holder.communicate("\n", timeout=10)


def test_a_clock_that_jumps_moves_no_slot(tmp_path, token_file, worker, target, wall_clock):
    offset, wrapper = wall_clock
    martlet = Martlet(tmp_path / "plane", "--cluster-token-file", str(token_file), wrapper=wrapper).start()
    plane = Instance(martlet)
    one = worker(plane.url, "fra")
    goals = {name: target() for name in ("local", "fra")}
    monitors = {name: plane.write.monitor(goals[name].url, regions=[name], **QUICK) for name in goals}
    for monitor in monitors.values():
        first_results(plane, monitor)
    since, began = stamp(), time.monotonic()
    hits = {name: goal.hits for name, goal in goals.items()}
    # An hour forth, an hour back, and a strobe between the two.
    offset.write_text("+3600\n")
    made = plane.owner.ok("POST", "api-keys/", json={"name": "of the future", "scope": "read"})["created_at"]
    assert datetime.datetime.fromisoformat(made).timestamp() - time.time() > 3000, "its wall clock has jumped"
    for jump in ["+3600", "+0", "-3600", "+0", *["+1800", "-1800"] * 5, "+0"]:
        offset.write_text(jump + "\n")
        time.sleep(6 if jump[1:] in ("3600", "0") else 0.5)
    elapsed, until = time.monotonic() - began, stamp()
    expected = elapsed / QUICK["interval_s"]
    for name, goal in goals.items():
        assert expected - 2 <= goal.hits - hits[name] <= expected + 2, (name, goal.hits - hits[name], expected)
        account = settled(plane, monitors[name], since, until)
        assert account["results"] == account["due"] and abs(account["due"] - expected) <= 2, (name, account)
        rows = plane.reader.read(f"monitors/{monitors[name]['id']}/results/", limit=1000)["results"]
        filled = [row["slot"] for row in rows if row["slot"]]
        assert len(filled) == len(set(filled))
    assert plane.reader.read("incidents/")["total"] == 0
    assert one.stop() == 0
    assert martlet.stop() == 0


def test_fields_of_another_version_are_passed_over_both_ways(plane, worker, target, region):
    between = FromTheFuture(plane.url)
    one = worker(between.url, region)
    goal = target()
    monitor = plane.write.monitor(goal.url, regions=[region], **QUICK)
    first_results(plane, monitor)
    since = stamp()
    goal.mode = "failing"
    eventually(lambda: status(plane, monitor) == "down", 30, what="down")
    goal.mode = "healthy"
    eventually(lambda: status(plane, monitor) == "up", 40, what="up again")
    account = settled(plane, monitor, since, stamp(-5_000))
    assert account["results"] == account["due"] >= 2, account
    assert between.changed["asked"] >= 5 and between.changed["answered"] >= 5
    assert one.stop() == 0, one.output
    between.stop()


def test_links_that_clog_one_by_one_lose_nothing(plane, worker, target):
    seed = int(os.environ.get("MARTLET_SEED", "20"))
    print(f"MARTLET_SEED={seed}")
    chance = random.Random(seed)
    before = plane.reader.read("incidents/")["total"]
    places = ["clog-a", "clog-b", "clog-c"]
    links = {name: Link(plane.martlet.port) for name in places}
    workers = {name: worker(link.url, name) for name, link in links.items()}
    monitors = [plane.write.monitor(target().url, regions=places, **QUICK) for _ in range(3)]
    for monitor in monitors:
        eventually(lambda: status(plane, monitor) == "up", 30, what="up")
    since = stamp()
    for _ in range(2):
        for name in chance.sample(places, chance.randint(2, 3)):
            links[name].clog()
            time.sleep(chance.uniform(1, 5))
        time.sleep(chance.uniform(2, 12))
        for name in chance.sample(places, 3):
            links[name].unclog()
            time.sleep(chance.uniform(0.5, 3))
    until = stamp()
    eventually(
        lambda: all(one.metrics()["martlet_worker_spooled_results"] == 0 for one in workers.values()), 60,
        what="nothing left on the workers' disks",
    )  # fmt: skip
    for monitor in monitors:
        account = settled(plane, monitor, since, until)
        assert account["due"] == account["results"] + sum(account["missed"].values()), account
        assert set(account["missed"]) <= {"worker_lost", "worker_offline"}, account
        rows = plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"]
        filled = [(row["region"], row["slot"]) for row in rows if row["slot"] and row["final"]]
        assert len(filled) == len(set(filled))
        eventually(lambda: status(plane, monitor) == "up", 30, what="up")
    assert plane.reader.read("incidents/")["total"] == before
    for link in links.values():
        link.stop()
