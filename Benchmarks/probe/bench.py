"""Checks one nginx with our probe, a raw epoll client and blackbox_exporter in turn, and prints tables in Markdown.

bench.py PROBE_BENCH RAW ROUNDS: the client under test has one core for itself, nginx and what drives
blackbox_exporter have the other. Everything stays on the loopback; exits 1 when a target is missed.
"""

import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

PROBE, RAW, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
HERE = Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
CLIENT_CORE, SERVER_CORE = str(CORES[0]), str(CORES[-1])
ADDRESSES = 24
IN_FLIGHT = 64
HTTP, HTTPS, EXPORTER = 8961, 8962, 8963
CHECKS = {"http": 20_000, "https": 2_500}
RATE, SECONDS = 1000, 15
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 8192; use epoll; }}
http {{
  access_log off; server_tokens off; keepalive_timeout 30s;
  server {{
    listen {http} backlog=8192;
    listen {https} ssl backlog=8192;
    ssl_certificate {folder}/leaf.pem; ssl_certificate_key {folder}/leaf.key;
    ssl_protocols TLSv1.3; ssl_session_tickets off;
    location / {{ default_type text/plain; return 200 "{body}"; }}
  }}
}}
"""

EXPORTER_MODULES = """
modules:
  http:
    prober: http
    timeout: 10s
    http: {{preferred_ip_protocol: ip4, valid_status_codes: [200]}}
  https:
    prober: http
    timeout: 10s
    http: {{preferred_ip_protocol: ip4, valid_status_codes: [200], tls_config: {{ca_file: {folder}/ca.pem}}}}
"""


def make_certificates(folder):
    """An authority and a leaf for all the addresses, both P-256; the bundle is the system's and ours behind it."""
    names = ",".join(["DNS:bench.test", *(f"IP:127.0.0.{i}" for i in range(1, ADDRESSES + 1))])
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    authority = ["-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem", "-subj", "/CN=Bench authority"]
    leaf = ["-keyout", f"{folder}/leaf.key", "-out", f"{folder}/leaf.pem", "-subj", "/CN=bench.test"]
    signed = ["-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-addext", f"subjectAltName={names}"]
    signed += ["-addext", "basicConstraints=critical,CA:FALSE"]
    for more in (authority, leaf + signed):
        subprocess.run(["openssl", "req", "-x509", *key, *more], check=True, capture_output=True)
    Path(f"{folder}/bundle.pem").write_text(SYSTEM_BUNDLE.read_text() + Path(f"{folder}/ca.pem").read_text())


def await_port(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on {port}")


def start(stack, port, core, *command, **environment):
    """Starts a server of ours and stops it, by its own process, when the bench ends."""
    log = open(os.devnull, "w")
    process = subprocess.Popen(
        ["taskset", "-c", core, *command], stdout=log, stderr=log, env={**os.environ, **environment})

    def stop():
        process.terminate()
        process.wait()

    stack.callback(stop)
    await_port(port)
    if process.poll() is not None:
        sys.exit(f"{command[0]} ended at once: is port {port} taken?")
    return process


def cpu_us(pid):
    """User and system time of all threads of a process, by its own clock (clock_getcpuclockid of POSIX)."""
    return time.clock_gettime((~pid << 3) | 2) * 1e6


def client(*command):
    done = subprocess.run(["taskset", "-c", CLIENT_CORE, *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: {done.stderr}")
    return json.loads(done.stdout)


def urls(scheme):
    port = HTTP if scheme == "http" else HTTPS
    return [f"{scheme}://127.0.0.{i}:{port}/" for i in range(1, ADDRESSES + 1)]


def per_check(result):
    if result["failures"]:
        sys.exit(f"checks failed, so nothing was measured: {result}")
    return result["cpu_us"] / result["checks"]


def ours(scheme, folder):
    bundle = f"{folder}/bundle.pem"
    return per_check(client(PROBE, "closed", CHECKS[scheme], IN_FLIGHT, bundle, *urls(scheme)))


def raw(scheme, folder):
    port = HTTP if scheme == "http" else HTTPS
    return per_check(client(RAW, scheme, port, ADDRESSES, IN_FLIGHT, CHECKS[scheme], f"{folder}/bundle.pem"))


def exporter(scheme, pid):
    before = cpu_us(pid)
    script = ["-s", str(HERE / "answers.lua"), f"http://127.0.0.1:{EXPORTER}"]
    port = HTTP if scheme == "http" else HTTPS
    command = ["wrk", "-t1", "-c16", "-d3s", *script, "--", scheme, str(ADDRESSES), str(port)]
    output = subprocess.run(["taskset", "-c", SERVER_CORE, *command], capture_output=True, text=True, check=True).stdout
    spent = cpu_us(pid) - before
    checks, failures = map(int, re.search(r"RESULT (\d+) (\d+)", output).groups())
    return per_check({"checks": checks, "failures": failures, "cpu_us": spent})


def cpu_runs(folder, exporter_pid):
    runs = {(scheme, who): [] for scheme in CHECKS for who in ("ours", "raw", "exporter")}
    for round in range(ROUNDS + 1):
        for scheme in CHECKS:
            measured = {
                "ours": ours(scheme, folder),
                "exporter": exporter(scheme, exporter_pid),
                "raw": raw(scheme, folder),
            }
            if round > 0:  # the first one warms up
                for who, value in measured.items():
                    runs[scheme, who].append(value)
    return runs


def paced(schemes, folder):
    """Checks on a fixed beat; of several kinds, as many of each as `schemes` has it."""
    targets = [url for row in zip(*(urls(scheme) for scheme in schemes)) for url in row]
    result = client(PROBE, "paced", RATE, SECONDS, f"{folder}/bundle.pem", *targets)
    result["cpu_per_check"] = per_check(result)
    return result


def cpu_table(runs):
    print("| CPU per check, µs | HTTP | HTTPS |\n| --- | --- | --- |")
    names = (
        ("ours", "Martlet's probe engine"), ("raw", "raw epoll client in C"), ("exporter", "blackbox_exporter"))
    for who, name in names:
        cells = []
        for scheme in CHECKS:
            values = runs[scheme, who]
            cells.append(f"{statistics.median(values):,.1f} ({min(values):,.1f}–{max(values):,.1f})")
        print(f"| {name} | {' | '.join(cells)} |")
    print()


def ratio(runs, scheme, other):
    """Median of the rounds' own ratios: what disturbs a whole round leaves it alone."""
    return statistics.median(a / b for a, b in zip(runs[scheme, "ours"], runs[scheme, other]))


def start_table(loads):
    print(f"| starts at {RATE:,} checks/s for {SECONDS} s, ms | p50 | p99 | max | over 10 ms | before due "
          "| CPU per check, µs | TCP phase p50, p99, µs |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, result in loads:
        late = [f"{result[f'late_us_{column}'] / 1000:.2f}" for column in ("p50", "p99", "max")]
        counted = f"{result['late_starts']:,} of {result['checks']:,}"
        connect = f"{result['connect_us_p50']}, {result['connect_us_p99']}"
        print(f"| {name} | {' | '.join(late)} | {counted} | {result['early']} | {result['cpu_per_check']:.1f} "
              f"| {connect} |")
    print()


def version(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return found[0] if found else "?"


def settings():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    debian = {
        name: subprocess.run(["dpkg-query", "-W", "-f=${Version}", name], capture_output=True, text=True).stdout
        for name in ("libcurl4", "libssl3", "prometheus-blackbox-exporter")
    }
    print(f"{model[1] if model else platform.machine()}, {len(CORES)} cores, Linux {platform.release()}, load before "
          f"{os.getloadavg()[0]:.2f}; Swift {version('swift', '--version')}, libcurl {debian['libcurl4']}, "
          f"OpenSSL {debian['libssl3']}, nginx {version('nginx', '-v')}, "
          f"blackbox_exporter {debian['prometheus-blackbox-exporter']}.\n")
    print(f"One core for the client under test, the other for nginx (one worker) and for wrk, which drives "
          f"blackbox_exporter (GOMAXPROCS=1, 16 at once, its /probe page included). A fresh connection per check to "
          f"{ADDRESSES} literal loopback addresses in turn, a body of 1 kB, every check's success verified; ours and raw with "
          f"{IN_FLIGHT} in flight, {CHECKS['http']:,} HTTP and {CHECKS['https']:,} HTTPS checks a round. TLS 1.3, P-256, no "
          f"resumption; blackbox_exporter trusts a file of one authority, ours and raw the system's bundle with that one "
          f"added, loaded before the clock starts. User and system time of the process, all threads; medians of {ROUNDS} "
          f"interleaved rounds after one to warm up, extremes in brackets; ratios are medians of each round's own.\n")


def main():
    settings()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        make_certificates(folder)
        Path(f"{folder}/nginx.conf").write_text(NGINX.format(folder=folder, http=HTTP, https=HTTPS, body="b" * 1024))
        Path(f"{folder}/modules.yml").write_text(EXPORTER_MODULES.format(folder=folder))
        start(stack, HTTP, SERVER_CORE, "nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error")
        await_port(HTTPS)
        flags = [f"--config.file={folder}/modules.yml", f"--web.listen-address=127.0.0.1:{EXPORTER}", "--log.level=error"]
        pid = start(stack, EXPORTER, CLIENT_CORE, "prometheus-blackbox-exporter", *flags, GOMAXPROCS="1").pid
        runs = cpu_runs(folder, pid)
        plain = paced(["http"], folder)
        mixed = paced(["http", "http", "http", "https"], folder)
    cpu_table(runs)
    start_table([("HTTP", plain), ("three quarters HTTP, one quarter HTTPS", mixed)])
    print("Starts are measured in the probe engine, which keeps the due times: it is handed runs up to "
          "5 s ahead, as by the scheduler, and a start is late against the due time of its run.\n")
    bounds = [
        ("HTTP, ours to blackbox_exporter", ratio(runs, "http", "exporter"), 0.2, "≤ 0.20"),
        ("HTTP, ours to raw", ratio(runs, "http", "raw"), 1.6, "≤ 1.60"),
        ("HTTPS, ours to blackbox_exporter", ratio(runs, "https", "exporter"), 0.9, "≤ 0.90"),
        ("start jitter p99 at 1,000 HTTP checks/s, ms", plain["late_us_p99"] / 1000, 10, "< 10"),
    ]
    print("| ratio or bound | value | target | |\n| --- | --- | --- | --- |")
    for name, value, most, target in bounds:
        print(f"| {name} | {value:.2f} | {target} | {'met' if value <= most else 'MISSED'} |")
    print(f"| HTTPS, ours to raw | {ratio(runs, 'https', 'raw'):.2f} | | |")
    sys.exit(0 if all(value <= most for _, value, most, _ in bounds) else 1)


main()
