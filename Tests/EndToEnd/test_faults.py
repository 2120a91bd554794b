"""Faults of our own: killed, drained, doubled, out of disk, without rights. What was acknowledged is there afterwards."""

import concurrent.futures
import os
import random
import signal
import subprocess
import threading
import time

import httpx
import pytest

from conftest import needs_root
from support.api import Client, first_account, key_of
from support.process import Martlet, run
from support.steps import finished
from support.waiting import eventually

KILLS = int(os.environ.get("MARTLET_KILLS", "20"))
WRITERS = 50


class Writers:
    """Fifty clients that create monitors as fast as they are answered, and remember what was acknowledged."""

    def __init__(self, url: str, key: str):
        self.acknowledged: list[str] = []
        self._stop = threading.Event()
        self._url = url
        self._key = key
        self._threads = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(WRITERS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _write(self, number: int):
        with Client(self._url, self._key) as client:
            count = 0
            while not self._stop.is_set():
                try:
                    answer = client.post(
                        "monitors/",
                        json={"name": f"{number}-{count}", "type": "http", "url": "http://127.0.0.1:9/", "enabled": False},
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["id"])
                count += 1


@pytest.mark.timeout(60 + 10 * KILLS)
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path):
    seed = int(os.environ.get("MARTLET_SEED", "0")) or random.randrange(1 << 30)
    print(f"MARTLET_SEED={seed}")
    dice = random.Random(seed)
    martlet = Martlet(tmp_path / "data").start()
    owner = first_account(martlet)
    key = key_of(owner).key
    acknowledged: list[str] = []
    try:
        for _ in range(KILLS):
            writers = Writers(martlet.url, key)
            writers.start()
            eventually(lambda: len(writers.acknowledged) >= 5, 20, every=0.005, what="writes going through")
            time.sleep(dice.uniform(0, 0.25))
            martlet.kill()
            writers.stop()
            acknowledged += writers.acknowledged
            martlet.start()
            assert martlet.started_in < 2, "starts within two seconds of a kill"
            with Client(martlet.url, key) as client:
                for one in dice.sample(acknowledged, min(40, len(acknowledged))) + writers.acknowledged[-50:]:
                    assert client.get(f"monitors/{one}/").status_code == 200, one
        with Client(martlet.url, key) as client:
            present = {row["id"] for row in client.everything("monitors/")}
        assert set(acknowledged) <= present, "every acknowledged row is there"
        assert len(acknowledged) > 5 * KILLS
    finally:
        martlet.kill()


def test_a_drain_finishes_what_was_asked(serve):
    """Requests in flight at SIGTERM are answered; only connections that were not open yet are refused."""
    martlet = serve()
    client = first_account(martlet)
    key = key_of(client).key
    stop = threading.Event()
    failures: list[str] = []
    answered = [0]

    def ask():
        with httpx.Client(base_url=martlet.url, headers={"Authorization": f"Bearer {key}"}) as session:
            while not stop.is_set():
                try:
                    answer = session.post("/api/v1/services/", json={"name": "drained", "description": ""})
                    answered[0] += 1
                    if answer.status_code != 201:
                        failures.append(f"{answer.status_code} {answer.text}")
                except httpx.ConnectError:
                    return
                except httpx.RemoteProtocolError as error:
                    # An idle keep-alive connection may close under the client's hands before a byte was answered.
                    if "without sending a response" not in str(error):
                        failures.append(repr(error))
                    return
                except httpx.ReadError as error:
                    # The same, when the next request was on its way as the connection closed.
                    if "reset by peer" not in str(error):
                        failures.append(repr(error))
                    return
                except httpx.HTTPError as error:
                    failures.append(repr(error))
                    return

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(ask) for _ in range(16)]
        eventually(lambda: answered[0] > 200, 20, what="load")
        martlet.signal(signal.SIGTERM)
        code = martlet.process.wait(30)
        stop.set()
        concurrent.futures.wait(asking, 30)
    assert code == 0
    assert failures == []
    before = answered[0]
    martlet.start()
    with Client(martlet.url, key) as reader:
        assert reader.read("services/", rows=1)["total"] >= before - 16


def test_a_monitor_goes_on_after_a_restart_and_the_gap_is_missed(serve, target):
    martlet = serve()
    key = key_of(first_account(martlet)).key
    client = Client(martlet.url, key)
    monitor = client.monitor(target().url)
    eventually(lambda: any(r["trigger"] == "schedule" for r in finished(client, monitor)), 15)
    martlet.kill()
    time.sleep(11)
    martlet.start()
    client = Client(martlet.url, key)
    assert client.read(f"monitors/{monitor['id']}/")["status"] == "up", "states are rows, nothing is replayed"
    count = len(finished(client, monitor))
    eventually(lambda: len(finished(client, monitor)) > count, 15, what="checks go on")
    assert client.read(f"monitors/{monitor['id']}/uptime/", window="24h")["down_s"] == 0

    def points():
        return client.read(f"monitors/{monitor['id']}/metrics/", window="24h", granularity="1m")["results"]

    # A slot is closed, and so counted, once its budget, its lease and a grace are over.
    eventually(lambda: sum(p["missed"] for p in points()) >= 2, 60, every=1, what="the slots that passed are missed")
    assert sum(point["down"] for point in points()) == 0


def test_a_second_process_on_the_same_folder_is_refused(serve):
    martlet = serve()
    second = run("serve", "--listen", "127.0.0.1:0", "--data", str(martlet.folder), timeout=20)
    assert second.returncode == 78
    assert str(martlet.folder) in second.stderr and len(second.stderr.strip().splitlines()) == 1
    assert httpx.get(martlet.url + "/api/v1/health/").status_code == 200


def test_a_lock_dies_with_its_process(serve):
    martlet = serve()
    martlet.kill()
    martlet.start()
    assert httpx.get(martlet.url + "/api/v1/health/").status_code == 200


def test_a_taken_port_is_said_clearly(serve, tmp_path):
    martlet = serve()
    second = run("serve", "--listen", f"127.0.0.1:{martlet.port}", "--data", str(tmp_path / "other"), timeout=20)
    assert second.returncode not in (0, 1, -11) and str(martlet.port) in second.stderr


@needs_root
def test_the_wrong_owner_is_refused_with_the_way_out(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    answer = run("serve", "--listen", "127.0.0.1:0", "--data", str(folder), timeout=20)
    assert answer.returncode == 78
    assert str(folder) in answer.stderr and "chown" in answer.stderr


@pytest.fixture
def mount(tmp_path):
    """A small tmpfs of its own."""
    mounted: list[str] = []

    def make(options: str) -> str:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting is not allowed here")
        mounted.append(str(folder))
        return str(folder)

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], capture_output=True)


@needs_root
def test_a_read_only_folder_is_refused(mount):
    folder = mount("size=4m,mode=0700")
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    answer = run("serve", "--listen", "127.0.0.1:0", "--data", folder + "/data", timeout=20)
    assert answer.returncode == 78
    assert folder in answer.stderr and len(answer.stderr.strip().splitlines()) == 1


@needs_root
@pytest.mark.timeout(240)
def test_a_full_disk_stops_writes_and_nothing_else(mount, serve, target):
    disk = mount("size=8m,mode=0700")
    martlet = serve(folder=disk + "/data")
    owner = first_account(martlet)
    client = key_of(owner)
    healthy = target()
    monitor = client.monitor(healthy.url)
    eventually(lambda: finished(client, monitor), 10)
    acknowledged = [client.create("services/", name="before", description="")["id"]]

    ballast = os.path.join(disk, "ballast")
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass

    def refused():
        answer = client.post("services/", json={"name": "full", "description": "x" * 2000})
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])
            return None
        assert answer.status_code in (503, 507), answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        return answer

    eventually(refused, 60, every=0, what="a write refused for want of space")
    assert client.get("monitors/").status_code == 200, "reads go on"
    hits = healthy.hits
    eventually(lambda: healthy.hits > hits + 1, 20, what="probing goes on")
    assert martlet.running
    assert client.read(f"monitors/{monitor['id']}/")["status"] != "down", "no fault of ours makes a down"

    os.remove(ballast)
    made = eventually(
        lambda: next((a for a in [client.post("services/", json={"name": "after", "description": ""})] if a.status_code == 201), None),
        30,
        what="writes go on without hand work",
    )
    acknowledged.append(made.json()["id"])
    count = len(finished(client, monitor))
    eventually(lambda: len(finished(client, monitor)) > count, 20, what="results are stored again")
    assert martlet.stop() == 0
    martlet.start()
    after = Client(martlet.url, client.key)
    assert all(after.get(f"services/{one}/").status_code == 200 for one in acknowledged)


def test_the_same_write_a_hundred_times_at_once_leaves_whole_rows(serve):
    """Resolving one incident concurrently: one transition, one update row, everybody told the same."""
    martlet = serve()
    client = key_of(first_account(martlet))
    service = client.create("services/", name="Contended", description="")
    incident = client.create("incidents/", title="Once", service_id=service["id"], to_state="major")

    def resolve(_):
        with Client(martlet.url, client.key) as one:
            body = {"status": "resolved", "message": "Over."}
            return one.post(f"incidents/{incident['id']}/updates/", json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(resolve, range(100)))
    assert sum(code in (200, 201) for code in codes) == 1, codes
    assert set(codes) <= {200, 201, 409, 422}
    seen = client.read(f"incidents/{incident['id']}/")
    assert [u["status"] for u in seen["updates"]].count("resolved") == 1
    assert client.read(f"services/{service['id']}/")["status"] == "operational"
