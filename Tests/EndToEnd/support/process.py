"""The program under test as a process: started on a free port, with its own folder, stopped by its own pid."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("MARTLET_BIN") or ROOT / ".build" / "debug" / "martlet")


def run(*arguments: str, timeout: float = 60, env: dict | None = None) -> subprocess.CompletedProcess:
    """One command of the program, to its end."""
    return subprocess.run(
        [str(BINARY), *arguments], capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})}
    )


class Martlet:
    """`martlet serve` (or `demo`) on a folder that outlives the process."""

    def __init__(self, folder: Path, *arguments: str, command: str = "serve", wrapper: tuple[str, ...] = ()):
        self.folder = Path(folder)
        self.command = command
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.process: subprocess.Popen | None = None
        self.lines: list[str] = []
        self.url = ""
        self.setup_url = ""
        self.started_in = 0.0

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def start(self, listen: str = "127.0.0.1:0", within: float = 20) -> "Martlet":
        command = [*self.wrapper, str(BINARY), self.command, "--listen", listen]
        if self.command == "serve":
            command += ["--data", str(self.folder)]
        self.lines = []
        began = time.monotonic()
        self.process = subprocess.Popen(
            command + self.arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        listening = threading.Event()
        threading.Thread(target=self._read, args=(self.process, listening), daemon=True).start()
        while not listening.wait(0.02):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.output}")
            if time.monotonic() - began > within:
                self.kill()
                raise AssertionError(f"did not listen within {within} s:\n{self.output}")
        self.started_in = time.monotonic() - began
        return self

    def _read(self, process: subprocess.Popen, listening: threading.Event):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "Create the first account:" in line:
                self.setup_url = line.split("Create the first account:", 1)[1].strip()
            if "Listening on " in line:
                self.url = line.split("Listening on ", 1)[1].split()[0].rstrip("/")
                listening.set()
        process.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.lines[-200:])

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int):
        assert self.process
        self.process.send_signal(number)

    def stop(self, within: float = 30) -> int:
        """Asks it to go and returns its exit code."""
        if not self.running:
            return self.process.returncode if self.process else 0
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not stop within {within} s of SIGTERM:\n{self.output}")

    def kill(self):
        if self.running:
            self.process.kill()
            self.process.wait(10)

    def rss_kb(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
