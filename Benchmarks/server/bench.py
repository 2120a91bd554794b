"""Runs the server and nginx in turn on one core, the load on the other, and prints a table in Markdown."""

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

BINARIES, ROUNDS, CONNECTIONS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
OURS, NGINX = 8951, 8952
TICK = os.sysconf("SC_CLK_TCK")
BODY = "p" * 1024
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = str(CORES[0]), str(CORES[-1])

NGINX_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 4096; use epoll; }}
http {{
  access_log off; server_tokens off; keepalive_requests 1000000000; keepalive_timeout 600s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /cached {{
      default_type "text/html; charset=utf-8";
      add_header Cache-Control no-cache;
      add_header Content-Security-Policy "default-src 'self'";
      add_header ETag '"0123456789abcdef"';
      return 200 "{body}";
    }}
  }}
}}
"""


def await_port(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on {port}")


def start(port, *command):
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command])
    await_port(port)
    return process


def stop(process):
    process.terminate()
    process.wait()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def response_bytes(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /cached HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(BODY.encode()):
            answer += client.recv(65536)
    return len(answer)


def load(port, pid, path="/cached"):
    """CPU microseconds and requests per second of three seconds at 64 connections."""
    before = cpu_seconds(pid)
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c64", "-d3s", f"http://127.0.0.1:{port}{path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(pid) - before
    assert "Non-2xx" not in output, output
    count = int(re.search(r"(\d+) requests in", output)[1])
    return spent / count * 1e6, float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


def requests_table():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/nginx.conf"
        with open(path, "w") as file:
            file.write(NGINX_CONFIGURATION.format(folder=folder, port=NGINX, body=BODY))
        ours = start(OURS, f"{BINARIES}/ServerBench", str(OURS))
        nginx = start(NGINX, "nginx", "-c", path, "-e", f"{folder}/error")
        sizes = response_bytes(OURS), response_bytes(NGINX)
        runs = {"ours": [], "nginx": [], "handler": []}
        for round in range(ROUNDS + 1):
            measured = {
                "ours": load(OURS, ours.pid),
                "nginx": load(NGINX, nginx.pid),
                "handler": load(OURS, ours.pid, "/handler"),
            }
            if round > 0:  # the first one warms up
                for name, value in measured.items():
                    runs[name].append(value)
        stop(ours)
        stop(nginx)
    return {name: [statistics.median(column) for column in zip(*values)] for name, values in runs.items()}, sizes


def connections(kind, rounds):
    ours = start(OURS, f"{BINARIES}/ServerBench", str(OURS))
    command = [f"{BINARIES}/ServerBenchClient", str(OURS), str(CONNECTIONS), kind, str(rounds), str(ours.pid)]
    result = subprocess.run(["taskset", "-c", CLIENT_CORE, *command], stdout=subprocess.PIPE, text=True, check=True)
    stop(ours)
    return json.loads(result.stdout)


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()[0]


def main():
    medians, sizes = requests_table()
    sockets, streams, idle = connections("socket", 15), connections("events", 15), connections("page", 0)
    ratio = medians["ours"][0] / medians["nginx"][0]
    rows = [
        ("CPU per cached request, c=64, µs", f"{medians['ours'][0]:.2f}", "", True),
        ("the same, nginx from memory, µs", f"{medians['nginx'][0]:.2f}", "", True),
        ("ratio to nginx", f"{ratio:.2f}", "≤ 1.30", ratio <= 1.3),
        ("requests/s, ours and nginx", f"{medians['ours'][1]:,.0f} and {medians['nginx'][1]:,.0f}", "", True),
        ("CPU per request of an async handler, µs", f"{medians['handler'][0]:.2f}", "", True),
        (f"resident kB per idle WebSocket, n={sockets['count']:,}", sockets["kilobytes"], "< 12", sockets["kilobytes"] < 12),
        (f"resident kB per idle event stream, n={streams['count']:,}", streams["kilobytes"], "< 6", streams["kilobytes"] < 6),
        (f"resident kB per idle kept connection, n={idle['count']:,}", idle["kilobytes"], "", True),
    ]
    for name, result in (("WebSockets", sockets), ("event streams", streams)):
        spread = f"{result['median']} ({result['min']}–{result['max']})"
        rows.append((f"254 B to {result['count']:,} {name} until the last read, ms", spread, "< 250", result["median"] < 250))
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/usr/include/boost/version.hpp") as file:
        boost = re.search(r'BOOST_LIB_VERSION "(.*)"', file.read())[1].replace("_", ".")
    swift = re.search(r"Swift version \S+", first_line("swift", "--version"))[0]
    print(f"{model[1] if model else platform.machine()}, {len(CORES)} cores, Linux {platform.release()}; {swift}; Boost {boost}; "
          f"{first_line('nginx', '-v')}. One core for the server, one for the load; medians of {ROUNDS} interleaved rounds "
          f"of 3 s; responses of {sizes[0]} (ours) and {sizes[1]} bytes (nginx).\n")
    print("| measured | value | target | |\n| --- | --- | --- | --- |")
    for name, value, target, is_met in rows:
        print(f"| {name} | {value} | {target} | {('met' if is_met else 'MISSED') if target else ''} |")
    sys.exit(0 if all(row[3] for row in rows) else 1)


main()
