"""How much of a core the control plane needs to hand out jobs and to take results in, through HTTP in batches of 500.

A table in Markdown; CPU time of the process, everything else that it does meanwhile included, so that the client's own
slowness does not count. Forty thousand monitors every 5 s are due 8,000 times a second.
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
    asked = json.dumps({"max_jobs": BATCH, "wait_ms": 0}).encode()
    # What every start asks first (each monitor once) is done before anything is measured.
    held = []
    cpu = plane.cpu_s()
    idle = time.monotonic()
    time.sleep(3)
    base = (plane.cpu_s() - cpu) / (time.monotonic() - idle)
    row("emitting alone, share of a core", f"{base * 100:.0f} %")
    cpu, began, count = plane.cpu_s(), time.monotonic(), 0
    while time.monotonic() - began < 10:
        _, data = plane.post("/api/v1/worker/jobs/", asked, worker)
        jobs = json.loads(data)["jobs"]
        held += jobs
        count += len(jobs)
    spent = plane.cpu_s() - cpu
    row("jobs handed out", f"{count:,} in {time.monotonic() - began:.0f} s, {spent / count * 1e6:.0f} µs of CPU each",
        "20,000 /s of one core", count / spent >= 20_000)  # fmt: skip
    time.sleep(6)
    bodies = [json.dumps({"results": [result(j) for j in held[i : i + BATCH]]}).encode() for i in range(0, len(held), BATCH)]
    cpu, began, taken = plane.cpu_s(), time.monotonic(), {"accepted": 0, "duplicates": 0, "stale": 0, "rejected": 0}
    for body in bodies:
        if time.monotonic() - began > 12:
            break
        answer = json.loads(plane.post("/api/v1/worker/results/", body, worker)[1])
        for name in taken:
            taken[name] += len(answer[name]) if name == "rejected" else answer[name]
    spent = plane.cpu_s() - cpu
    row("results taken in", f"{taken['accepted']:,} in {time.monotonic() - began:.0f} s, {spent / max(taken['accepted'], 1) * 1e6:.0f} µs of CPU each",
        "20,000 /s of one core", taken["accepted"] / spent >= 20_000)  # fmt: skip
    row("of those sent, not accepted", f"{taken['duplicates']} duplicates, {taken['stale']} stale, {taken['rejected']} rejected")


main()
