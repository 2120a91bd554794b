"""Three regions as three network namespaces, each with a real worker, on one machine: what faults cost, as a table in
Markdown. Needs root, ip, nft and nginx. One worker is killed, one loses the control plane for three minutes, and the
control plane is restarted; the targets are well all the while, so that every incident would be a false one.
"""

import atexit
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

from support.networks import Networks, sh  # noqa: E402
from support.targets import Certificates  # noqa: E402

BINARY = sys.argv[1]
MONITORS = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
PARTITION_S = int(sys.argv[3]) if len(sys.argv) > 3 else 180
REGIONS = ["north", "south", "west"]
TARGET, PLANE = "10.77.100.1", "10.77.100.2"
TOKEN = "a-cluster-token-for-the-bench-0123"
TICK = os.sysconf("SC_CLK_TCK")
PORT, TLS_PORT, TARGET_PORT = 8971, 8972, 8973
failed = []

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  server {{ listen {target}:{target_port} backlog=4096; location / {{ return 200 "ok"; }} }}
  server {{
    listen {plane}:{tls_port} ssl; ssl_certificate {folder}/{plane}.pem; ssl_certificate_key {folder}/{plane}.pem;
    client_max_body_size 32m; proxy_http_version 1.1; proxy_read_timeout 60s;
    location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header Connection ""; }}
  }}
}}
"""


def row(name, value, target="", good=None):
    if good is False:
        failed.append(name)
    print(f"| {name} | {value} | {target} | {'' if good is None else 'met' if good else 'MISSED'} |", flush=True)


class Plane:
    def __init__(self, folder, token):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", f"127.0.0.1:{PORT}", "--data", folder, "--cluster-token-file", token],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        atexit.register(self.process.kill)
        for line in self.process.stdout:
            if "Listening on" in line:
                break
        self.cpu_before = 0.0

    def line(self):
        return self.process.stdout.readline()

    def cpu_s(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        return int(open(f"/proc/{self.process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0


class Worker:
    def __init__(self, region, folder, token, authority):
        self.region = region
        self.command = [
            "ip", "netns", "exec", f"mtl-{region}", BINARY, "worker", "--control-plane", f"https://{PLANE}:{TLS_PORT}",
            "--region", region, "--cluster-token-file", token, "--data", f"{folder}/{region}", "--ca-file", authority,
            "--listen", "127.0.0.1:9100",
        ]  # fmt: skip
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)

    def metrics(self):
        text = sh("ip", "netns", "exec", f"mtl-{self.region}", "curl", "-s", "http://127.0.0.1:9100/metrics", check=False)
        return {n: float(v) for n, v in (l.split() for l in text.splitlines() if l and not l.startswith("#"))}


def request(method, path, body=None, cookie=None):
    asked = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
        headers={"Origin": f"http://127.0.0.1:{PORT}", "Content-Type": "application/json"} | ({"Cookie": cookie} if cookie else {}),
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return answer, json.loads(answer.read() or b"null")


def clone(database, count):
    """Brings the installation to `count` monitors in every region, each with its own phase."""
    db = sqlite3.connect(database)
    columns = [r[1] for r in db.execute("PRAGMA table_info(monitor)")]
    (values,) = db.execute(f"SELECT {','.join(columns)} FROM monitor LIMIT 1").fetchall()
    regions = [r[0] for r in db.execute(f"SELECT id FROM region WHERE name IN ({','.join('?' * 3)})", REGIONS)]
    place = {name: columns.index(name) for name in ("id", "public_id", "name", "url", "created_ms")}
    dice = random.Random(7)
    values = list(values)
    for number in range(values[place["id"]] + 1, count + 1):
        values[place["id"]] = number
        values[place["public_id"]] = "mon_" + "".join(dice.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(26))
        values[place["name"]] = f"monitor {number}"
        values[place["url"]] = f"http://{TARGET}:{TARGET_PORT}/{number}"
        db.execute(f"INSERT INTO monitor ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})", values)
        phase = dice.randrange(10_000)
        for step, region in enumerate(regions):
            db.execute(
                "INSERT INTO monitor_plan (monitor_id, region_id, from_ms, interval_ms, phase_ms) VALUES (?, ?, ?, 10000, ?)",
                (number, region, values[place["created_ms"]], (phase + step * 3333) % 10_000),
            )
    db.commit()
    db.close()


def account(monitors, cookie, since, until):
    total = {"due": 0, "results": 0, "open": 0}
    missed = {}
    query = urllib.parse.urlencode({"from": since, "to": until})
    for monitor in monitors:
        for part in request("GET", f"/api/v1/monitors/{monitor}/slots/?{query}", cookie=cookie)[1]["results"]:
            for name in total:
                total[name] += part[name]
            for reason, count in part["missed"].items():
                missed[reason] = missed.get(reason, 0) + count
    return total, {reason: count for reason, count in missed.items() if count}


def stamp(seconds=0):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def main():
    with tempfile.TemporaryDirectory() as folder, Networks(REGIONS, [TARGET, PLANE]) as networks:
        authority = Certificates(Path(folder))
        authority.context(PLANE)
        Path(f"{folder}/token").write_text(TOKEN)
        Path(f"{folder}/nginx.conf").write_text(
            NGINX.format(folder=folder, target=TARGET, plane=PLANE, port=PORT, tls_port=TLS_PORT, target_port=TARGET_PORT)
        )
        nginx = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
        try:
            measure(folder, networks)
        finally:
            nginx.terminate()
            nginx.wait()
    if failed:
        print("\nMissed: " + "; ".join(failed))
    sys.exit(1 if failed else 0)


def measure(folder, networks):
    data, token, authority = f"{folder}/data", f"{folder}/token", f"{folder}/ca.pem"
    plane = Plane(data, token)
    setup = urllib.parse.parse_qs(urllib.parse.urlparse(plane.line().split("account:", 1)[1].strip()).query)["token"][0]
    answer, _ = request(
        "POST", "/api/v1/auth/signup/",
        {"email": "bench@example.org", "password": "a long sentence for the bench", "name": "Bench",
         "organization": "Bench", "setup_token": setup},
    )  # fmt: skip
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    workers = [Worker(region, folder, token, authority) for region in REGIONS]
    for _ in range(100):
        if len(request("GET", "/api/v1/regions/", cookie=cookie)[1]["results"]) >= 1 + len(REGIONS):
            break
        time.sleep(0.2)
    request(
        "POST", "/api/v1/monitors/",
        {"name": "monitor 1", "type": "http", "url": f"http://{TARGET}:{TARGET_PORT}/1", "interval_s": 10,
         "timeout_ms": 3000, "attempts": 2, "regions": REGIONS}, cookie,
    )  # fmt: skip
    plane.stop()
    clone(f"{data}/martlet.db", MONITORS)
    plane = Plane(data, token)
    monitors = [r[0] for r in sqlite3.connect(f"file:{data}/martlet.db?mode=ro", uri=True).execute("SELECT public_id FROM monitor")]
    print(f"{MONITORS:,} monitors in {len(REGIONS)} regions every 10 s: {MONITORS * len(REGIONS) / 10:.0f} checks/s\n")
    print("| | measured | target | |\n|---|---|---|---|")
    time.sleep(45)
    cpu, began = plane.cpu_s(), time.monotonic()
    started = [w.metrics() for w in workers]
    time.sleep(60)
    share = (plane.cpu_s() - cpu) / (time.monotonic() - began)
    ended = [w.metrics() for w in workers]
    row("control plane, share of a core", f"{share * 100:.1f} %", "< 30 %", share < 0.3)
    row("control plane, resident memory", f"{plane.rss_mb():.0f} MB")
    late = max(m["martlet_worker_lateness_p99_ms"] for m in ended)
    row("start jitter p99, healthy workers", f"{late:.0f} ms", "< 20 ms", late < 20)
    name = "martlet_worker_attempts_total"
    row("checks begun", f"{sum(e[name] - s[name] for e, s in zip(ended, started)) / 60:.0f} /s")
    since = stamp()
    networks.drop(REGIONS[1], PLANE)
    cut_at = time.monotonic()
    time.sleep(20)
    workers[2].process.kill()
    workers[2].process.wait()
    time.sleep(40)
    workers[2].start()
    time.sleep(20)
    plane.stop()
    time.sleep(10)
    plane = Plane(data, token)
    time.sleep(max(0, PARTITION_S - (time.monotonic() - cut_at)))
    spooled = workers[1].metrics()["martlet_worker_spooled_results"]
    row("results on disk at the end of the partition", f"{spooled:.0f}")
    networks.mend(REGIONS[1])
    mended = time.monotonic()
    while workers[1].metrics().get("martlet_worker_spooled_results", 1) > 0 and time.monotonic() - mended < 300:
        time.sleep(0.5)
    row("spool empty after", f"{time.monotonic() - mended:.1f} s")
    time.sleep(45)
    total, missed = account(monitors, cookie, since, stamp(-40))
    row("slots due", f"{total['due']:,}")
    row("results", f"{total['results']:,}")
    row("missed", ", ".join(f"{count:,} {reason}" for reason, count in sorted(missed.items())) or "none")
    row("unaccounted slots", total["open"], "0", total["open"] == 0)
    incidents = request("GET", "/api/v1/incidents/", cookie=cookie)[1]["total"]
    row("incidents, all of them false", incidents, "0", incidents == 0)
    left = sum(w.metrics().get("martlet_worker_spooled_results", 0) for w in workers)
    row("results left on disks", f"{left:.0f}", "0", left == 0)
    for worker in workers:
        worker.process.terminate()
        worker.process.wait(30)
    plane.stop()


main()
