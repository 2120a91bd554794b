"""How much of a core the control plane needs to hand out jobs and to take results in, through HTTP in batches of 500.

A table in Markdown; CPU time of the process, everything else that it does meanwhile included, so that the client's own
slowness does not count. Forty thousand monitors every 5 s are due 8,000 times a second; their results come at once and say
what the ones before them said, as nearly all results do.
"""

import atexit
import http.client
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

BINARY = sys.argv[1]
MONITORS = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
BATCH = 500
TOKEN = "a-cluster-token-for-the-bench-0123"
TICK = os.sysconf("SC_CLK_TCK")
failed = []


def row(name, value, target="", good=None):
    if good is False:
        failed.append(name)
    print(f"| {name} | {value} | {target} | {'' if good is None else 'met' if good else 'MISSED'} |", flush=True)


class Plane:
    def __init__(self, folder):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", f"{folder}/data", "--cluster-token-file", f"{folder}/token"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        atexit.register(self.process.kill)
        self.url = next(line for line in self.process.stdout if "Listening on" in line).split("Listening on", 1)[1].strip()
        self.connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=120)

    def post(self, path, body, headers=None):
        self.connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), {
            "Content-Type": "application/json", "Origin": self.url, **(headers or {})})  # fmt: skip
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status < 400, f"{path}: {answer.status} {data[:300]}"
        return answer, data

    def cpu_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.connection.close()
        self.process.terminate()
        assert self.process.wait(120) == 0


def clone(database, count):
    db = sqlite3.connect(database)
    columns = [r[1] for r in db.execute("PRAGMA table_info(monitor)")]
    values = list(db.execute(f"SELECT {','.join(columns)} FROM monitor LIMIT 1").fetchone())
    (region,) = db.execute("SELECT id FROM region WHERE name = 'bench'").fetchone()
    place = {name: columns.index(name) for name in ("id", "public_id", "name", "url", "created_ms")}
    dice = random.Random(3)
    insert = f"INSERT INTO monitor ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"
    for number in range(values[place["id"]] + 1, count + 1):
        values[place["id"]] = number
        values[place["public_id"]] = "mon_" + "".join(dice.choices("0123456789abcdefghjkmnpqrstvwxyz", k=26))
        values[place["name"]] = f"monitor {number}"
        values[place["url"]] = f"http://target-{number}.example/health"
        db.execute(insert, values)
        db.execute(
            "INSERT INTO monitor_plan (monitor_id, region_id, from_ms, interval_ms, phase_ms) VALUES (?, ?, ?, 5000, ?)",
            (number, region, values[place["created_ms"]], dice.randrange(5000)),
        )
    db.commit()
    db.close()


def result(job):
    return {
        "job_id": job["job_id"], "generation": job["generation"], "late_ms": 0, "attempts": 1, "final": True,
        "status": "up", "started_at": job["due_at"], "http_status": 200, "remote_address": "203.0.113.7",
        "http_version": "1.1", "body_bytes": 512, "failure": None, "certificate": None, "loop_lag_us": 40,
        "timing": {"dns_us": 1200, "connect_us": 9000, "tls_us": 21000, "first_byte_us": 40000, "transfer_us": 300,
                   "total_us": 71500},
    }  # fmt: skip


def main():
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/token", "w") as file:
            file.write(TOKEN)
        plane = Plane(folder)
        link = plane.process.stdout.readline().split("account:", 1)[1].strip()
        token = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["token"][0]
        answer, _ = plane.post("/api/v1/auth/signup/", {
            "email": "bench@example.org", "password": "a long sentence for the bench", "name": "Bench",
            "organization": "Bench", "setup_token": token})  # fmt: skip
        cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        enrolled = json.loads(plane.post("/api/v1/worker/enroll/", {"token": TOKEN, "region": "bench", "hostname": "bench"})[1])
        worker = {"Authorization": f"Bearer {enrolled['api_token']}"}
        plane.post("/api/v1/monitors/", {
            "name": "monitor 1", "type": "http", "url": "http://target-1.example/health", "interval_s": 5,
            "timeout_ms": 2000, "attempts": 1, "regions": ["bench"]}, cookie)  # fmt: skip
        plane.stop()
        clone(f"{folder}/data/martlet.db", MONITORS)
        plane = Plane(folder)
        measure(plane, worker)
        plane.stop()
    if failed:
        print("\nMissed: " + "; ".join(failed))
    sys.exit(1 if failed else 0)


def measure(plane, worker):
    print(f"{MONITORS:,} monitors every 5 s in one remote region; batches of {BATCH}\n")
    print("| | measured | target | |\n|---|---|---|---|")
    cpu, began = plane.cpu_s(), time.monotonic()
    time.sleep(3)
    row("emitting alone, share of a core", f"{(plane.cpu_s() - cpu) / (time.monotonic() - began) * 100:.0f} %")
    # Every monitor is looked at until its state is settled, as it is for nearly every result of a day.
    work(plane, worker, 25)
    spent, count, answers, seconds = work(plane, worker, 20)
    pair = spent / count
    row("handed out and taken in", f"{count:,} in {seconds:.0f} s, {pair * 1e6:.0f} µs of CPU each")
    row("of those sent, not accepted", ", ".join(f"{n} {name}" for name, n in answers.items() if name != "accepted"),
        "0", answers["accepted"] == count)  # fmt: skip
    # Jobs alone, for less time than a lease lasts, so that none is leased again.
    spent, count, _, seconds = work(plane, worker, 10, submit=False)
    alone = spent / count
    row("jobs handed out", f"{count:,} in {seconds:.0f} s, {alone * 1e6:.0f} µs of CPU each",
        "20,000 /s of one core", alone <= 50e-6)  # fmt: skip
    row("results taken in, what comes on top of handing out", f"{(pair - alone) * 1e6:.0f} µs of CPU each",
        "20,000 /s of one core", pair - alone <= 50e-6)  # fmt: skip


def work(plane, worker, seconds, submit=True):
    """A worker's part: asks for jobs as fast as they are due, and answers each batch at once."""
    asked = json.dumps({"max_jobs": BATCH, "wait_ms": 0}).encode()
    every = BATCH / (MONITORS / 5)
    answers = {"accepted": 0, "duplicates": 0, "stale": 0, "rejected": 0}
    cpu, began, count, batches = plane.cpu_s(), time.monotonic(), 0, 0
    while time.monotonic() - began < seconds:
        # One that is behind asks again at once.
        time.sleep(max(0.0, began + batches * every - time.monotonic()))
        batches += 1
        jobs = json.loads(plane.post("/api/v1/worker/jobs/", asked, worker)[1])["jobs"]
        count += len(jobs)
        if jobs and submit:
            sent = json.dumps({"results": [result(job) for job in jobs]}).encode()
            answer = json.loads(plane.post("/api/v1/worker/results/", sent, worker)[1])
            for name in answers:
                answers[name] += len(answer[name]) if name == "rejected" else answer[name]
    return plane.cpu_s() - cpu, max(count, 1), answers, time.monotonic() - began


main()
