"""Other places: real workers, killed, paused, cut off, lied to and lying. Nothing is lost in silence, nothing is counted
twice, and no fault of ours is an outage of a target."""

import concurrent.futures
import datetime
import os
import time

import httpx
import pytest

from conftest import Instance
from support.process import Martlet
from support.waiting import eventually
from support.workers import (
    CLUSTER_TOKEN, QUICK, ByHand, Link, WorkerProcess, first_results, has_faketime, settled, slots, stamp, wait_until_due,
)  # fmt: skip

pytestmark = pytest.mark.fleet


def test_a_second_region_takes_part(plane, worker, target, region):
    one = worker(plane.url, region)
    monitor = plane.write.monitor(target().url, regions=["local", region], **QUICK)
    eventually(
        lambda: {row["region"] for row in first_results(plane, monitor)} == {"local", region}, 20, what="both regions"
    )
    assert plane.reader.read(f"monitors/{monitor['id']}/")["status"] == "up"
    rows = [row for row in first_results(plane, monitor) if row["region"] == region]
    assert all(row["late_ms"] < 100 for row in rows), rows
    assert one.metrics()["martlet_worker_control_plane_up"] == 1
    assert one.stop() == 0, one.output


def test_a_wrong_token_is_refused_for_good(plane, tmp_path, region):
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-cluster-token-at-all")
    one = WorkerProcess(tmp_path / "w", plane.url, region, token_file=wrong).start()
    assert one.wait(10) == 77
    assert "token is wrong" in one.output
    refused = httpx.post(f"{plane.url}/api/v1/worker/jobs/", json={}, headers={"Authorization": "Bearer mw_a_b"})
    assert refused.status_code == 401
    for name in ("local", "Frankfurt", "a b", "-x", "", "x" * 64):
        answer = httpx.post(
            f"{plane.url}/api/v1/worker/enroll/", json={"token": CLUSTER_TOKEN, "region": name, "hostname": "h"}
        )
        assert answer.status_code in (403, 422), (name, answer.text)


def test_the_operators_tokens_may_be_changed_while_it_runs(serve, tmp_path, region):
    cluster, metrics = tmp_path / "cluster", tmp_path / "metrics"
    cluster.write_text(CLUSTER_TOKEN)
    metrics.write_text("a-metrics-token-0123456789")
    martlet = serve("--cluster-token-file", str(cluster), "--metrics-token-file", str(metrics))

    def enroll(token: str) -> int:
        body = {"token": token, "region": region, "hostname": "h", "version": "0"}
        return httpx.post(f"{martlet.url}/api/v1/worker/enroll/", json=body).status_code

    def scrape(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
        return httpx.get(f"{martlet.url}/metrics", headers=headers).status_code

    assert (enroll(CLUSTER_TOKEN), scrape("a-metrics-token-0123456789")) == (201, 200)
    cluster.write_text("another-cluster-token-0123456789")
    metrics.write_text("another-metrics-token-0123456789")
    eventually(lambda: scrape("another-metrics-token-0123456789") == 200, 15, what="the new token")
    assert scrape("a-metrics-token-0123456789") == 404
    eventually(lambda: enroll("another-cluster-token-0123456789") == 201, 15, 1, what="the new token")
    assert enroll(CLUSTER_TOKEN) == 401
    metrics.unlink()
    eventually(lambda: scrape("another-metrics-token-0123456789") == 404, 15, what="no token any more")
    eventually(lambda: any("token_unreadable" in line for line in martlet.lines), 15, what="a word about it")


def test_a_token_that_could_not_be_read_is_read_once_it_can_be(serve, tmp_path):
    metrics = tmp_path / "metrics"
    metrics.write_text("a-metrics-token-0123456789")
    metrics.chmod(0o000)
    # Root reads what it has no leave for, unless that power is taken from it.
    wrapper = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    martlet = serve("--metrics-token-file", str(metrics), wrapper=wrapper)

    def scrape() -> int:
        headers = {"Authorization": "Bearer a-metrics-token-0123456789", "X-Forwarded-For": "203.0.113.9"}
        return httpx.get(f"{martlet.url}/metrics", headers=headers).status_code

    assert scrape() == 404
    time.sleep(2.5)
    assert scrape() == 404
    assert sum("token_unreadable" in line for line in martlet.lines) == 1, martlet.output
    # The content, its time and its length stay as they were.
    metrics.chmod(0o400)
    eventually(lambda: scrape() == 200, 15, what="the token")


def test_a_killed_workers_jobs_go_to_the_other(plane, worker, target, region):
    first, _ = worker(plane.url, region), worker(plane.url, region)
    monitors = [plane.write.monitor(target().url, regions=[region], **QUICK) for _ in range(4)]
    for monitor in monitors:
        first_results(plane, monitor)
    since = stamp()
    time.sleep(6)
    first.kill()
    time.sleep(25)
    until = stamp(-5000)
    for monitor in monitors:
        account = settled(plane, monitor, since, until)
        assert account["results"] >= account["due"] - 1, account
        assert account["missed"].get("worker_lost", 0) + account["results"] == account["due"], account
        assert plane.reader.read(f"monitors/{monitor['id']}/")["status"] == "up"


def test_a_worker_that_sleeps_through_its_leases_changes_nothing(plane, worker, target, region):
    sleeper, _ = worker(plane.url, region), worker(plane.url, region)
    monitors = [plane.write.monitor(target().url, regions=[region], **QUICK) for _ in range(3)]
    for monitor in monitors:
        first_results(plane, monitor)
    since = stamp()
    sleeper.pause()
    time.sleep(34)
    sleeper.resume()
    time.sleep(6)
    until = stamp(-5000)
    for monitor in monitors:
        account = settled(plane, monitor, since, until)
        # The other one does them all but for what the sleeper held when it fell asleep.
        assert account["results"] >= account["due"] - 3 >= 3, account
        rows = plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"]
        filled = [row["slot"] for row in rows if row["slot"]]
        assert len(filled) == len(set(filled)), "a slot has one result"
        assert plane.reader.read(f"monitors/{monitor['id']}/")["status"] == "up"


def test_two_workers_share_a_region_without_doing_anything_twice(plane, worker, target, region):
    worker(plane.url, region), worker(plane.url, region)
    goal = target()
    monitor = plane.write.monitor(goal.url, regions=[region], **QUICK)
    first_results(plane, monitor)
    time.sleep(20)
    rows = plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"]
    assert abs(goal.hits - len(rows)) <= 1, (goal.hits, len(rows))


def test_the_same_delivery_a_hundred_times_counts_once(plane, region):
    hand = ByHand(plane.url, region)
    monitor = plane.write.monitor("http://192.0.2.1/", regions=[region], **QUICK)
    job = hand.scheduled_job()
    assert job["monitor"]["url"] == "http://192.0.2.1/" and job["monitor"]["id"] == monitor["id"]
    wait_until_due(job)
    result = hand.result(job)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: hand.deliver(result), range(100)))
    assert sum(one["accepted"] for one in answers) == 1
    assert sum(one["duplicates"] for one in answers) == 99
    rows = plane.reader.read(f"monitors/{monitor['id']}/results/")["results"]
    assert len([row for row in rows if row["slot"] == job["due_at"]]) == 1


def test_an_answer_lost_on_its_way_does_no_harm(plane, worker, target, region):
    link = Link(plane.martlet.port)
    one = worker(link.url, region)
    monitor = plane.write.monitor(target().url, regions=[region], **QUICK)
    first_results(plane, monitor)
    since = stamp()
    link.lose_answers(3)
    eventually(lambda: link.lost == 3, 40, what="three answers lost")
    time.sleep(8)
    account = settled(plane, monitor, since, stamp(-6000))
    assert account["results"] == account["due"], account
    rows = plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"]
    filled = [row["slot"] for row in rows if row["slot"]]
    assert len(filled) == len(set(filled))
    assert one.stop() == 0
    link.stop()


def test_a_worker_goes_on_while_the_control_plane_is_out_of_reach(plane, worker, target, region):
    link = Link(plane.martlet.port)
    one = worker(link.url, region)
    monitors = [plane.write.monitor(target().url, regions=["local", region], **QUICK) for _ in range(3)]
    for monitor in monitors:
        first_results(plane, monitor)
    incidents = plane.reader.read("incidents/")["total"]
    time.sleep(3)
    since = stamp()
    link.cut()
    eventually(lambda: one.metrics()["martlet_worker_spooled_results"] > 0, 40, what="results on disk")
    time.sleep(20)
    before = one.metrics()["martlet_worker_spooled_results"]
    until = stamp(-1500)
    link.mend()
    eventually(lambda: one.metrics()["martlet_worker_spooled_results"] == 0, 60, what="an empty spool")
    assert before >= 6
    for monitor in monitors:
        account = settled(plane, monitor, since, until)
        assert account["results"] >= account["due"] - 2, account
        assert plane.reader.read(f"monitors/{monitor['id']}/")["status"] == "up"
    assert plane.reader.read("incidents/")["total"] == incidents
    assert one.stop() == 0
    link.stop()


def test_what_a_killed_worker_had_on_disk_is_delivered_by_the_next(plane, worker, target, region, tmp_path, token_file):
    link = Link(plane.martlet.port)
    one = worker(link.url, region)
    monitor = plane.write.monitor(target().url, regions=[region], **QUICK)
    first_results(plane, monitor)
    link.cut()
    spooled = eventually(
        lambda: (n := one.metrics()["martlet_worker_spooled_results"]) >= 3 and n, 60, what="results on disk"
    )
    one.kill()
    rows = len(plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"])
    segment = max(one.folder.glob("spool/*.seg"))
    with segment.open("ab") as tail:
        tail.write(b"\x50\x00\x00\x00half a record")
    link.mend()
    one.start()
    eventually(
        lambda: len(plane.reader.read(f"monitors/{monitor['id']}/results/", limit=1000)["results"]) >= rows + spooled,
        30,
        what="the spooled results",
    )
    assert one.stop() == 0
    link.stop()


def test_a_restart_of_the_control_plane_is_filled_from_the_workers_disk(tmp_path, worker, target, token_file):
    martlet = Martlet(tmp_path / "plane", "--cluster-token-file", str(token_file)).start()
    port = martlet.port
    plane = Instance(martlet)
    one = worker(plane.url, "fra")
    monitor = plane.write.monitor(target().url, regions=["fra"], **QUICK)
    first_results(plane, monitor)
    since = stamp()
    martlet.kill()
    time.sleep(20)
    martlet.start(listen=f"127.0.0.1:{port}")
    until = stamp()
    eventually(lambda: slots(plane.reader, monitor["id"], **{"from": since, "to": until})["results"] >= 3, 40)
    account = settled(plane, monitor, since, until)
    assert account["results"] >= account["due"] - 2 >= 2, account
    assert account["missed"].get("not_running", 0) <= 2, account
    assert plane.reader.read("incidents/")["total"] == 0
    assert one.stop() == 0, one.output
    assert martlet.stop() == 0


def test_a_region_without_workers_is_unknown_and_says_so(plane, worker, target, region):
    one = worker(plane.url, region)
    monitor = plane.write.monitor(target().url, regions=[region], **QUICK)
    first_results(plane, monitor)
    one.kill()
    # From a little after its death: what it had delivered just before may fill the slot of that moment.
    since, until = stamp(1_000), stamp(21_000)
    state = lambda: plane.reader.read(f"monitors/{monitor['id']}/")["status"]  # noqa: E731
    eventually(lambda: state() == "unknown", 40, what="unknown")
    # A slot may still be done late until it closes; it comes back only after the last of these has.
    account = settled(plane, monitor, since, until)
    assert account["due"] == 4 and account["results"] == 0, account
    assert account["missed"].get("worker_lost", 0) + account["missed"].get("worker_offline", 0) == 4, account
    one.start()
    eventually(lambda: state() == "up", 30, what="up again")


def test_a_lying_worker_is_not_believed(plane, region):
    hand, other = ByHand(plane.url, region), ByHand(plane.url, region + "-b")
    monitor = plane.write.monitor("http://192.0.2.1/", regions=[region], **QUICK)
    job = hand.scheduled_job()
    status = lambda: plane.reader.read(f"monitors/{monitor['id']}/")["status"]  # noqa: E731
    before = status()
    wait_until_due(job)
    # Another region's job, a job of nobody, a slot that is none, one far ahead.
    key = job["job_id"].split(".")
    assert other.deliver(hand.result(job, "down"))["rejected"][0]["code"] == "unknown_job"
    for lie in (
        f"job_1.{key[1]}.999999.{key[3]}", f"job_1.{key[1]}.{key[2]}.{int(key[3]) + 1}",
        f"job_1.{key[1]}.{key[2]}.{int(key[3]) + 86_400_000}", "job_9.1.1.1", "nonsense",
    ):  # fmt: skip
        answer = hand.deliver(hand.result({**job, "job_id": lie}, "down"))
        assert answer["accepted"] == 0 and len(answer["rejected"]) == 1, (lie, answer)
    # A generation that was never given out, and one of another worker of the same region.
    assert hand.deliver(hand.result({**job, "generation": job["generation"] + 1}, "down"))["stale"] == 1
    assert hand.deliver(hand.result({**job, "generation": 1 << 60}, "down"))["accepted"] == 0
    twin = ByHand(plane.url, region)
    assert twin.deliver(hand.result(job, "down"))["stale"] == 1
    assert status() == before
    # A clock that is a day off moves nothing in time.
    assert hand.deliver(hand.result(job, started_at="2031-01-01T00:00:00.000Z"))["accepted"] == 1
    row = next(r for r in plane.reader.read(f"monitors/{monitor['id']}/results/")["results"] if r["slot"] == job["due_at"])
    assert abs(time.time() - datetime.datetime.fromisoformat(row["started_at"]).timestamp()) < 10
    # Nothing that is no result, and nothing that is too much.
    for body in (b"[]", b"{}", b'{"results": 7}', b'{"results": [' + b"{}," * 1000 + b"{}]}"):
        answer = hand.http.post("results/", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text
    with pytest.raises((httpx.WriteError, httpx.ReadError, AssertionError)):
        answer = hand.http.post("results/", content=b"x" * (100 << 20), headers={"content-type": "application/json"})
        assert answer.status_code != 413
    assert hand.jobs() is not None


def test_a_workers_own_wall_clock_moves_no_graph(plane, worker, target, region):
    if not has_faketime():
        pytest.skip("faketime is not installed")
    one = worker(plane.url, region, wrapper=("env", "DONT_FAKE_MONOTONIC=1", "faketime", "-f", "+10m"))
    monitor = plane.write.monitor(target().url, regions=[region], **QUICK)
    rows = first_results(plane, monitor)
    assert all(abs(time.time() - datetime.datetime.fromisoformat(r["started_at"]).timestamp()) < 30 for r in rows)
    assert 590_000 < one.metrics()["martlet_worker_clock_skew_ms"] < 610_000


def test_a_monitor_that_kills_workers_is_taken_from_them(plane, worker, target, region):
    one = worker(plane.url, region)
    goal = target()
    others = [plane.write.monitor(target().url, regions=[region], **QUICK) for _ in range(2)]
    poison = plane.write.monitor(goal.url + "planted-crash", regions=[region], **QUICK)
    crashes = 0

    def spared():
        nonlocal crashes
        if one.process.poll() is not None:
            crashes += 1
            one.start()
        return f"monitor_quarantined" in plane.martlet.output and poison["id"] in plane.martlet.output

    eventually(spared, 60, 0.2, what="the quarantine")
    if one.process.poll() is not None:
        crashes += 1
        one.start()
    # Three that are told; one in the first moments of a process may leave no trace.
    assert 3 <= crashes <= 8, [line for line in one.lines if "Working" in line or "without a word" in line]
    # A job is handed out five seconds ahead: one that was in the hands of each life that crashed was lost three times itself.
    since = stamp(6_000)
    time.sleep(17)
    assert one.process.poll() is None, "it lives on"
    for monitor in others:
        account = settled(plane, monitor, since, stamp(-5000))
        assert account["results"] == account["due"] >= 1, account
    # Its own slots are accounted for, and an edit gives it another chance.
    assert settled(plane, poison, since, stamp(-5000))["missed"].get("worker_lost", 0) >= 1
    plane.write.ok("PATCH", f"monitors/{poison['id']}/", json={"url": goal.url})
    eventually(lambda: plane.reader.read(f"monitors/{poison['id']}/")["status"] == "up", 20, what="up after the edit")


def test_a_worker_whose_own_network_fails_calls_nothing_down(plane, worker, target, region):
    canary, goal = target(), target()
    worker(plane.url, region, "--canary", canary.url)
    monitor = plane.write.monitor(goal.url, regions=[region], **QUICK)
    first_results(plane, monitor)
    state = lambda: plane.reader.read(f"monitors/{monitor['id']}/")["status"]  # noqa: E731
    since = stamp()
    canary.stop()
    goal.stop()
    shown = lambda: {r["name"]: r["state"] for r in plane.reader.read("regions/")["results"]}  # noqa: E731
    eventually(lambda: shown()[region] == "suspect", 40, what="the region suspect")
    seen = {state() for _ in range(50) if not time.sleep(0.2)}
    assert "down" not in seen, seen
    assert settled(plane, monitor, since, stamp(-6000))["missed"].get("region_suspect", 0) >= 1
    # The network is well again and the target is not: now it is the target.
    canary.start()
    eventually(lambda: state() == "down", 60, what="down")
    goal.start()
    eventually(lambda: state() == "up", 40, what="up")
