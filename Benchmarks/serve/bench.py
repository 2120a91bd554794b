"""Runs the whole program with many monitors at one check a minute against a local target, and prints tables in Markdown.

Monitors are made by cloning the rows of a few that came through the API, as making a hundred thousand by requests
measures something else.
"""

import atexit
import http.client
import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

BINARY = sys.argv[1]
SIZES = [int(word) for argument in sys.argv[2:] for word in argument.split()]
TARGET_PORT = 8961
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
WARM_UP_S, MEASURED_S = 75, 60
missed_targets = []

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 8192; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "ok"; }} }} }}
"""


def row(name, value, target=None, good=None):
    mark = "" if good is None else "met" if good else "MISSED"
    if good is False:
        missed_targets.append(name)
    print(f"| {name} | {value} | {target or ''} | {mark} |", flush=True)


class Serve:
    def __init__(self, folder):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", folder], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )
        atexit.register(self.process.kill)
        for line in self.process.stdout:
            if "Listening on" in line:
                self.url = line.split("Listening on", 1)[1].strip()
                self.started_ms = (time.monotonic() - began) * 1000
                break
        self.host = self.url.removeprefix("http://")

    def setup_link(self):
        return self.process.stdout.readline().split("account:", 1)[1].strip()

    def request(self, method, path, body=None, cookie=None):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"Origin": self.url, "Content-Type": "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status < 400, f"{method} {path}: {answer.status} {data[:300]}"
        return answer, data

    def cpu_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        return int(open(f"/proc/{self.process.pid}/statm").read().split()[1]) * PAGE / 1e6

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0


def clone(database, count):
    """Brings the installation to `count` monitors, each with its own id and phase."""
    db = sqlite3.connect(database)
    columns = [r[1] for r in db.execute("PRAGMA table_info(monitor)")]
    rows = db.execute(f"SELECT {','.join(columns)} FROM monitor").fetchall()
    (region,) = db.execute("SELECT id FROM region WHERE name = 'local'").fetchone()
    (organization,) = db.execute("SELECT id FROM organization").fetchone()
    (next_id,) = db.execute("SELECT max(id) + 1 FROM monitor").fetchone()
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    source = random.Random(count)
    place = {name: columns.index(name) for name in ("id", "public_id", "name", "url", "created_ms")}
    for number in range(next_id, count + 1):
        values = list(rows[number % len(rows)])
        values[place["id"]] = number
        values[place["public_id"]] = "mon_" + "".join(source.choice(letters) for _ in range(26))
        values[place["name"]] = f"monitor {number}"
        values[place["url"]] = f"http://127.0.0.1:{TARGET_PORT}/{number}"
        db.execute(f"INSERT INTO monitor ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})", values)
        db.execute(
            "INSERT INTO monitor_plan (monitor_id, region_id, from_ms, interval_ms, phase_ms, organization_id)"
            " VALUES (?, ?, ?, 60000, ?, ?)",
            (number, region, values[place["created_ms"]], source.randrange(60_000), organization),
        )
        db.executemany(
            "INSERT INTO monitor_tag (monitor_id, tag, organization_id) VALUES (?, ?, ?)",
            [(number, tag, organization) for tag in ("bench", f"group {number % 20}")],
        )
    db.commit()
    db.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(NGINX.format(folder=folder, port=TARGET_PORT))
        nginx = subprocess.Popen(["nginx", "-c", configuration, "-p", folder], stderr=subprocess.DEVNULL)
        try:
            measure(os.path.join(folder, "data"))
        finally:
            nginx.terminate()
            nginx.wait()
    if missed_targets:
        print("\nMissed: " + "; ".join(missed_targets))
    sys.exit(1 if missed_targets else 0)


def measure(data):
    first = Serve(data)
    token = urllib.parse.parse_qs(urllib.parse.urlparse(first.setup_link()).query)["token"][0]
    answer, _ = first.request(
        "POST", "/api/v1/auth/signup/",
        {"email": "bench@example.org", "password": "a long sentence for the bench", "name": "Bench",
         "organization": "Bench", "setup_token": token},
    )
    cookie = answer.getheader("Set-Cookie").split(";")[0]
    for number in range(1, 101):
        first.request(
            "POST", "/api/v1/monitors/",
            {"name": f"monitor {number}", "type": "http", "url": f"http://127.0.0.1:{TARGET_PORT}/{number}",
             "interval_s": 60, "timeout_ms": 5000}, cookie,
        )
    first.stop()
    empties = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            empty = Serve(folder)
            empties.append(empty.started_ms)
            empty.stop()
    print("| | measured | target | |\n|---|---|---|---|")
    middle = statistics.median(empties)
    row("start-up without monitors", f"{middle:.0f} ms", "< 150 ms", middle < 150)
    for size in SIZES:
        measure_size(data, size, cookie)


def measure_size(data, size, cookie):
    database = os.path.join(data, "martlet.db")
    clone(database, size)
    Serve(data).stop()  # the first start after the clones asks each of them once
    serve = Serve(data)
    strict = size <= 10_000
    label = f"{size:,} monitors: "

    def line(name, value, target, good):
        row(label + name, value, target if strict else "reported", good if strict else None)

    line("start-up", f"{serve.started_ms:.0f} ms", "< 1 s", serve.started_ms < 1000)
    time.sleep(WARM_UP_S)
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    (mark,) = db.execute("SELECT max(id) FROM result_log").fetchone()
    (missed_before,) = db.execute("SELECT count(*) FROM slot_missed").fetchone()
    cpu, began = serve.cpu_s(), time.monotonic()
    time.sleep(MEASURED_S)
    share = (serve.cpu_s() - cpu) / (time.monotonic() - began) * 100
    late = [r[0] for r in db.execute("SELECT late_ms FROM result_log WHERE id > ? AND slot_ms IS NOT NULL", (mark,))]
    down = db.execute("SELECT count(*) FROM result_log WHERE id > ? AND status = 3", (mark,)).fetchone()[0]
    (missed_after,) = db.execute("SELECT count(*) FROM slot_missed").fetchone()
    db.close()
    rss = serve.rss_mb()
    pages, slow = [], 0
    for _ in range(15):
        start = time.monotonic()
        try:
            serve.request("GET", "/monitors", cookie=cookie)
        except (AssertionError, OSError):
            slow += 1
        pages.append((time.monotonic() - start) * 1000)
    late.sort()
    p99 = late[int(len(late) * 0.99)] if late else -1
    line("resident memory", f"{rss:.0f} MB", "< 150 MB", rss < 150)
    line("CPU of one core", f"{share:.1f} %", "< 15 %", share < 15)
    line("results in a minute", f"{len(late):,} of {size:,}", "all, within 2 % for the edges of the minute", abs(len(late) - size) <= size * 0.02)
    line("missed slots", f"{missed_after - missed_before}", "0", missed_after == missed_before)
    line("failing results", f"{down}", "0", down == 0)
    line("start later than due, p99", f"{p99} ms", "< 10 ms", p99 < 10)
    line("late starts (over 10 ms)", f"{sum(1 for ms in late if ms > 10)}", "reported", None)
    line("dashboard's first page, median", f"{statistics.median(pages):.0f} ms", "< 100 ms", statistics.median(pages) < 100)
    if slow:
        line("dashboard's first page, not answered in time", f"{slow} of 15", "0", False)
    serve.stop()


if __name__ == "__main__":
    main()
