"""Workers: the real one as a process, one that a test plays by hand, and a link to the control plane that can be cut."""

import datetime
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import httpx

from .process import BINARY
from .waiting import eventually

CLUSTER_TOKEN = "a-cluster-token-for-tests-0123456789"
QUICK = {"interval_s": 5, "timeout_ms": 1000, "attempts": 1}

# What a monitor is made with whose checks are waited for.
QUICK = {"interval_s": 5, "timeout_ms": 1000, "attempts": 1}


class WorkerProcess:
    """`martlet worker` on a folder that outlives the process."""

    def __init__(self, folder: Path, url: str, region: str, *arguments: str, token_file: Path | None = None, wrapper=()):
        self.folder = Path(folder)
        self.command = [*wrapper, str(BINARY), "worker", "--control-plane", url, "--region", region]
        self.command += ["--data", str(folder), *arguments]
        if token_file:
            self.command += ["--cluster-token-file", str(token_file)]
        self.process: subprocess.Popen | None = None
        self.lines: list[str] = []
        self.status = ""

    def start(self, within: float = 20) -> "WorkerProcess":
        self.status = ""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        eventually(lambda: self.status or self.process.poll() is not None, within, what="the worker's first lines")
        return self

    def _read(self, process: subprocess.Popen):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Status on "):
                self.status = line.split()[2].removesuffix("/metrics")
        process.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.lines[-100:])

    def metrics(self) -> dict[str, float]:
        text = httpx.get(self.status + "/metrics", timeout=5).text
        return {name: float(value) for name, value in (l.split() for l in text.splitlines() if not l.startswith("#"))}

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            # With what wraps it, if anything does.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stop(self, within: float = 20) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def wait(self, within: float) -> int:
        return self.process.wait(within)


class ByHand:
    """A worker that does what a test tells it, on the wire."""

    def __init__(self, url: str, region: str, token: str = CLUSTER_TOKEN):
        self.http = httpx.Client(base_url=f"{url}/api/v1/worker/", timeout=60)
        answer = self.http.post(
            "enroll/", json={"token": token, "region": region, "hostname": "hand", "version": "0", "news": 1}
        )
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["worker_id"]
        self.http.headers["Authorization"] = f"Bearer {answer.json()['api_token']}"

    def jobs(self, **asked) -> list[dict]:
        answer = self.http.post("jobs/", json={"max_jobs": 100, "wait_ms": 0, "later": "unknown", **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()["jobs"]

    def scheduled_job(self, within: float = 20) -> dict:
        """The first job that fills a slot."""
        return eventually(
            lambda: next((one for one in self.jobs() if one["trigger"] == "schedule"), None), within, 0.2, what="a job"
        )

    def deliver(self, *results: dict) -> dict:
        answer = self.http.post("results/", json={"results": list(results)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    @staticmethod
    def result(job: dict, status: str = "up", **over) -> dict:
        failure = {"reason": "connect_refused", "phase": "connect", "message": "refused"} if status == "down" else None
        return {
            "job_id": job["job_id"], "generation": job["generation"], "late_ms": 0, "attempts": 1, "final": True,
            "status": status, "started_at": job["due_at"], "http_status": 200, "failure": failure,
            "timing": {"connect_us": 100, "first_byte_us": 200, "transfer_us": 1, "total_us": 301}, **over,
        }  # fmt: skip


class Link:
    """A TCP proxy to the control plane that can be cut, be clogged, or lose answers on their way back."""

    def __init__(self, port: int, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
        self._to = port
        self._tls = tls
        self._open = True
        self._flows = threading.Event()
        self._flows.set()
        self._lose = 0
        self.lost = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server((address, 0), backlog=128)
        self.url = f"{'https' if tls else 'http'}://{address}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self._open = False
        for pair in self._pairs:
            for end in pair:
                _close(end)
        self._pairs = []

    def mend(self):
        self._open = True

    def clog(self):
        """Connections stay, and nothing passes."""
        self._flows.clear()

    def unclog(self):
        self._flows.set()

    def lose_answers(self, count: int):
        """The next so many deliveries of results arrive, but their answers do not."""
        self._lose = count

    def stop(self):
        self.cut()
        self.unclog()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                _close(near)
                continue
            try:
                if self._tls:
                    near = self._tls.wrap_socket(near, server_side=True)
                far = socket.create_connection(("127.0.0.1", self._to), 5)
            except OSError:
                _close(near)
                continue
            self._pairs.append((near, far))
            threading.Thread(target=self._pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_request: bool):
        try:
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
                if is_request and self._lose > 0 and b"POST /api/v1/worker/results/" in data:
                    self._lose -= 1
                    self.lost += 1
                    # The request is through; time to be committed, and then nobody hears of it.
                    time.sleep(0.3)
                    break
        except OSError:
            pass
        _close(source)
        _close(sink)


def _close(end: socket.socket):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


def slots(client, monitor: str, region: str | None = None, **window) -> dict:
    """What became of a monitor's slots: due, results, open, and missed by reason, added up."""
    out = {"due": 0, "results": 0, "open": 0, "missed": {}}
    for row in client.read(f"monitors/{monitor}/slots/", **window)["results"]:
        if region and row["region"] != region:
            continue
        for name in ("due", "results", "open"):
            out[name] += row[name]
        for reason, count in row["missed"].items():
            if count:
                out["missed"][reason] = out["missed"].get(reason, 0) + count
    return out


def has_faketime() -> bool:
    return os.access("/usr/bin/faketime", os.X_OK)


def first_results(plane, monitor: dict, within: float = 20) -> list[dict]:
    return eventually(
        lambda: [
            row for row in plane.reader.read(f"monitors/{monitor['id']}/results/")["results"] if row["trigger"] == "schedule"
        ],
        within,
        what="a scheduled result",
    )


def stamp(ms: int = 0) -> str:
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=ms)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def settled(plane, monitor: dict, since: str, until: str, within: float = 60) -> dict:
    """The account of a stretch of time once nothing of it is open any more."""

    def closed():
        account = slots(plane.reader, monitor["id"], **{"from": since, "to": until})
        return account if account["open"] == 0 else None

    return eventually(closed, within, 0.5, what="every slot accounted for")


def wait_until_due(job: dict):
    due = datetime.datetime.fromisoformat(job["due_at"]).timestamp()
    time.sleep(max(0, due - time.time() + 0.2))
