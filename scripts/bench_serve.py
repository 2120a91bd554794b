#!/usr/bin/env python3
"""`martlet serve` under 10,000 and 100,000 HTTP monitors at 60 s against a local nginx, as Markdown tables.

Usage: bench_serve.py [MONITORS…]   (10000 100000 without any)

Monitors are made through the API with a write key. Counts of slots come from the database, read only, after a window of
whole minutes in which nobody else asks the program anything.
"""

import asyncio
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))

import httpx  # noqa: E402

from support.api import Client, first_account, key_of  # noqa: E402
from support.process import Martlet  # noqa: E402
from support.targets import free_port  # noqa: E402

ADDRESSES = 16
INTERVAL_S = 60
WINDOW_S = 120
SEEDERS = 32


def say(text: str):
    print(text, file=sys.stderr, flush=True)


class Nginx:
    """One worker that answers two bytes on every loopback address."""

    def __init__(self, folder: Path):
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(
            f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{ access_log off; keepalive_timeout 0; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 0.0.0.0:{self.port} backlog=4096; location / {{ return 200 "ok"; }} }} }}
"""
        )
        binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([binary, "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


async def seed(url: str, key: str, port: int, wanted: int) -> float:
    """Makes the monitors concurrently; answers the seconds that it took."""
    numbers = iter(range(wanted))
    began = time.monotonic()

    async def work(client: httpx.AsyncClient):
        for number in numbers:
            body = {
                "name": f"Monitor {number:06}",
                "url": f"http://127.0.0.{1 + number % ADDRESSES}:{port}/{number}",
                "interval_s": INTERVAL_S,
                "tags": [f"group-{number % 100}"],
            }
            answer = await client.post("monitors/", json=body)
            if answer.status_code != 201:
                raise SystemExit(f"a monitor was not made: {answer.status_code} {answer.text}")
            if number % 10_000 == 0:
                say(f"  {number} of {wanted}")

    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=headers, timeout=60) as client:
        await asyncio.gather(*(work(client) for _ in range(min(SEEDERS, wanted))))
    return time.monotonic() - began


def slots(database: Path, began_ms: int, ended_ms: int) -> dict:
    """What became of the slots that were due in the window."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        between = "slot_ms >= ? AND slot_ms < ?"
        late = [
            row[0]
            for row in db.execute(
                f"SELECT late_ms FROM result_log WHERE final = 1 AND {between} ORDER BY late_ms", (began_ms, ended_ms)
            )
        ]
        missed = db.execute(f"SELECT count(*) FROM slot_missed WHERE {between}", (began_ms, ended_ms)).fetchone()[0]
        failed = db.execute(
            f"SELECT count(*) FROM result_log WHERE final = 1 AND reason IS NOT NULL AND {between}",
            (began_ms, ended_ms),
        ).fetchone()[0]

    def at(share: float) -> int:
        return late[min(len(late) - 1, int(share * len(late)))] if late else -1

    return {
        "measured": len(late),
        "missed": missed,
        "failed": failed,
        "late_p50": at(0.5),
        "late_p99": at(0.99),
        "late_max": late[-1] if late else -1,
        "late_over_10": sum(value > 10 for value in late),
    }


def pages(client: Client) -> tuple[float, float]:
    """Milliseconds to the dashboard's first page: median and worst of twenty."""
    times = []
    for _ in range(20):
        began = time.monotonic()
        answer = client.get(client.root + "/monitors")
        times.append((time.monotonic() - began) * 1000)
        assert answer.status_code == 200, answer.status_code
    return statistics.median(times), max(times)


def starts(martlet: Martlet, runs: int = 5) -> float:
    """Milliseconds from exec to listening, the median of some starts."""
    times = []
    for _ in range(runs):
        martlet.stop(60)
        martlet.start(within=60)
        times.append(martlet.started_in * 1000)
    return statistics.median(times)


def measure(wanted: int) -> list[tuple[str, str, str]]:
    """(what, figure, target) for one number of monitors."""
    with tempfile.TemporaryDirectory() as scratch:
        nginx = Nginx(Path(scratch))
        martlet = Martlet(Path(scratch) / "data").start()
        try:
            owner = first_account(martlet)
            write = key_of(owner)
            say(f"making {wanted} monitors")
            seconds = asyncio.run(seed(martlet.url, write.key, nginx.port, wanted))
            say("letting the first runs settle")
            time.sleep(INTERVAL_S + 10)
            say(f"measuring {WINDOW_S} s")
            began_ms, cpu, began = int(time.time() * 1000), martlet.cpu_s(), time.monotonic()
            time.sleep(WINDOW_S)
            share = (martlet.cpu_s() - cpu) / (time.monotonic() - began) * 100
            rss = martlet.rss_kb() / 1024
            time.sleep(15)
            seen = slots(martlet.folder / "martlet.db", began_ms, began_ms + WINDOW_S * 1000)
            median, worst = pages(owner)
            start = starts(martlet)
        finally:
            martlet.kill()
            nginx.stop()
    due = wanted * WINDOW_S // INTERVAL_S
    strict = wanted <= 10_000
    return [
        ("resident memory", f"{rss:.0f} MB", "< 150 MB" if strict else "reported"),
        ("CPU of one core", f"{share:.1f} %", "< 15 %" if strict else "reported"),
        ("slots due, measured, missed, failed", f"{due}, {seen['measured']}, {seen['missed']}, {seen['failed']}", "none missed" if strict else "reported"),
        ("late: p50, p99, max; over 10 ms", f"{seen['late_p50']}, {seen['late_p99']}, {seen['late_max']} ms; {seen['late_over_10']}", "p99 < 10 ms" if strict else "reported"),
        ("first page of monitors: median, worst of 20", f"{median:.0f}, {worst:.0f} ms", "< 100 ms"),
        ("start-up, median of 5", f"{start:.0f} ms", "< 1000 ms" if strict else "reported"),
        ("made through the API", f"{wanted / seconds:.0f}/s, {seconds:.0f} s in all", "reported"),
    ]  # fmt: skip


def empty_start() -> float:
    with tempfile.TemporaryDirectory() as scratch:
        martlet = Martlet(Path(scratch) / "data").start()
        try:
            return starts(martlet, 9)
        finally:
            martlet.kill()


def main(arguments: list[str]) -> int:
    print("Monitors at 60 s over HTTP against a local nginx, embedded worker, one process.\n")
    print(f"Start-up without monitors: {empty_start():.0f} ms, median of 9 (target: < 150 ms).")
    for wanted in map(int, arguments or ["10000", "100000"]):
        print(f"\n### {wanted:,} monitors ({wanted / INTERVAL_S:,.0f} checks/s)\n\n| | measured | target |\n| --- | --- | --- |")
        for row in measure(wanted):
            print(f"| {' | '.join(row)} |")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
