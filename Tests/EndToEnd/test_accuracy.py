"""Measured phases against delays that a local server injects: each within 5 ms, by the median of five checks."""

import contextlib
import json
import socket
import ssl
import statistics
import subprocess
import threading
import time

import pytest
from dnslib import A, QTYPE, RR
from dnslib.server import BaseResolver, DNSServer

from conftest import needs_root
from support.process import BINARY

DELAY = 0.120
TOLERANCE_US = 5000

pytestmark = pytest.mark.quiet


class DelayingServer:
    """Answers one request a connection, late in the phase that it was told."""

    def __init__(self, phase: str, tls: ssl.SSLContext | None = None):
        self.phase = phase
        self.tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket):
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection.recv(1, socket.MSG_PEEK)
                self._pause("tls")
                connection = self.tls.wrap_socket(connection, server_side=True)
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            self._pause("first_byte")
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nhalf")
            self._pause("transfer")
            connection.sendall(b"half")

    def _pause(self, phase: str):
        if phase == self.phase:
            time.sleep(DELAY)

    def stop(self):
        self._listener.close()


def measured(url: str, phase: str, wrapper: tuple[str, ...] = (), runs: int = 5) -> float:
    """The median of one phase over some checks, in microseconds."""
    values = []
    for _ in range(runs):
        run = subprocess.run(
            [*wrapper, str(BINARY), "check", "--json", "--insecure", url], capture_output=True, text=True, timeout=30
        )
        assert run.returncode == 0, run.stdout + run.stderr
        values.append(json.loads(run.stdout)["timing"][f"{phase}_us"])
    return statistics.median(values)


@pytest.mark.parametrize("phase", ["first_byte", "transfer", "tls"])
def test_a_delay_shows_in_its_own_phase(phase, certificates):
    tls = certificates.context("127.0.0.1") if phase == "tls" else None
    late, prompt = DelayingServer(phase, tls), DelayingServer("none", tls)
    try:
        scheme = "https" if tls else "http"
        delayed = measured(f"{scheme}://127.0.0.1:{late.port}/", phase)
        usual = measured(f"{scheme}://127.0.0.1:{prompt.port}/", phase)
    finally:
        late.stop()
        prompt.stop()
    # A handshake costs work of its own; the injected delay is what comes on top of it.
    assert abs(delayed - usual - DELAY * 1e6) <= TOLERANCE_US, (delayed, usual)


@needs_root
def test_a_slow_name_server_shows_as_dns(tmp_path):
    class Late(BaseResolver):
        def resolve(self, request, handler):
            if request.q.qname.matchGlob("late.*"):
                time.sleep(DELAY)
            reply = request.reply()
            if request.q.qtype == QTYPE.A:
                reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A("127.0.0.1"), ttl=1))
            return reply

    address = "127.0.0.153"
    names = DNSServer(Late(), address=address, port=53)
    names.start_thread()
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {address}\noptions attempts:1\n")
    server = DelayingServer("none")
    script = f"mount --bind {resolver} /etc/resolv.conf && exec \"$@\""
    wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
    if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
        pytest.skip("a mount namespace of one's own is not allowed here")
    try:
        delayed = measured(f"http://late.test:{server.port}/", "dns", wrapper)
        usual = measured(f"http://prompt.test:{server.port}/", "dns", wrapper)
    finally:
        server.stop()
        names.stop()
    # Two questions cost the name server work of its own; the injected delay is what comes on top of it.
    assert abs(delayed - usual - DELAY * 1e6) <= TOLERANCE_US, (delayed, usual)


def test_phases_add_up_to_the_whole(target):
    run = subprocess.run([str(BINARY), "check", "--json", target("slow", delay=0.2).url], capture_output=True, text=True)
    timing = json.loads(run.stdout)["timing"]
    parts = sum(value for name, value in timing.items() if name != "total_us" and value)
    assert abs(timing["total_us"] - parts) <= 2000, timing


