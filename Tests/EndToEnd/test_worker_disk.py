"""A worker whose disk is full: the oldest is dropped and counted, everything else arrives, and no hand is needed."""

import os
import subprocess

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_metrics

from support.waiting import eventually
from support.workers import QUICK, Link, WorkerProcess, first_results, settled, stamp

pytestmark = pytest.mark.fleet


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own for a worker is a tmpfs, and to mount one takes root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "martlet-test", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def free(folder) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def fill(folder, but: int):
    """Somebody else's file, as long as leaves `but` bytes."""
    with open(folder / "ballast", "wb") as file:
        file.write(bytes(max(0, free(folder) - but)))


def test_a_full_disk_costs_the_oldest_results_and_nothing_else(plane, target, region, small_disk, token_file):
    link = Link(plane.martlet.port)
    one = WorkerProcess(small_disk / "w", link.url, region, token_file=token_file).start()
    try:
        goal = target()
        monitors = [plane.write.monitor(goal.url, regions=[region], **QUICK) for _ in range(40)]
        for monitor in monitors:
            first_results(plane, monitor)
        incidents = plane.reader.read("incidents/")["total"]
        since = stamp(-3_000)
        link.cut()
        eventually(lambda: one.metrics()["martlet_worker_spooled_results"] > 0, 40, what="results on disk")
        fill(small_disk, but=64 << 10)
        eventually(lambda: one.metrics()["martlet_worker_dropped_results_total"] >= 60, 90, 0.5, what="dropped results")
        seen = one.metrics()
        dropped = seen["martlet_worker_dropped_results_total"]
        assert seen["martlet_worker_forgotten_results_total"] == 0, seen
        assert 0 < seen["martlet_worker_spooled_results"] and 0 < seen["martlet_worker_spool_bytes"] <= 256 << 10, seen
        until = stamp(-1_000)
        # It is killed, and starts again on the full disk, which also takes no new token; not before all that time is closed,
        # so that it cannot do late what it lost.
        one.kill()
        fill(small_disk, but=0)
        assert free(small_disk) < 4096
        for monitor in monitors:
            settled(plane, monitor, since, until)
        link.mend()
        one.start()
        eventually(lambda: one.metrics()["martlet_worker_spooled_results"] == 0, 60, what="an empty spool")
        assert one.metrics()["martlet_worker_torn_records_total"] == 0
        total = {"due": 0, "results": 0, "spool_full": 0}
        for monitor in monitors:
            account = settled(plane, monitor, since, until)
            total["due"] += account["due"]
            total["results"] += account["results"]
            total["spool_full"] += account["missed"].get("spool_full", 0)
        # Each slot of that time was done and kept, or was dropped and is said to be; the last ones died with the process.
        assert total["due"] - len(monitors) <= total["results"] + total["spool_full"] <= total["due"], total
        assert total["spool_full"] >= dropped and total["results"] >= 60, (total, dropped)
        assert plane.reader.read("incidents/")["total"] == incidents
        # Room again: the next cut costs nothing.
        (small_disk / "ballast").unlink()
        first_results(plane, monitors[0])
        again = stamp(3_000)
        link.cut()
        eventually(lambda: one.metrics()["martlet_worker_spooled_results"] >= 60, 40, what="results on disk again")
        end = stamp(-1_500)
        link.mend()
        eventually(lambda: one.metrics()["martlet_worker_spooled_results"] == 0, 60, what="an empty spool again")
        assert one.metrics()["martlet_worker_dropped_results_total"] == 0
        account = settled(plane, monitors[0], again, end)
        assert account["missed"].get("spool_full", 0) == 0, account
        assert one.stop() == 0, one.output
    finally:
        one.kill()
        link.stop()


def test_what_a_worker_counts_is_read_by_strict_readers(plane, worker, region):
    one = worker(plane.url, region)
    plain = httpx.get(one.status + "/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    named = {family.name: family.type for family in plain_metrics(plain.text)}
    strict = httpx.get(one.status + "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert strict.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in open_metrics(strict.text)}
    assert {name: family.type for name, family in families.items()} == named
    for name in ("forgotten_results", "torn_records", "refused_jobs", "dropped_results"):
        assert families[f"martlet_worker_{name}"].type == "counter"
        assert families[f"martlet_worker_{name}"].samples[0].value == 0
    assert families["martlet_worker_refused_assignments"].type == "gauge"
    assert all(family.documentation for family in families.values())
