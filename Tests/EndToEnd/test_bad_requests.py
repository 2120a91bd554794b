"""Bytes that no well-behaved client sends: each is refused or dropped, and everybody else is served."""

import socket
import threading
import time

import httpx
import pytest

from support.sockets import exchange, read_answer, status

BIG = b"a" * 32_768
TABLE = [
    ("length and chunked", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("two lengths", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", {400}),
    ("space before the colon", b"GET /api/v1/health/ HTTP/1.1\r\nHost : x\r\n\r\n", {400}),
    ("bare line feeds", b"GET /api/v1/health/ HTTP/1.1\nHost: x\n\n", {400, 0}),
    ("bare line feed in a chunk size", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", {400, 408, 0}),
    ("bad chunk size", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", {400}),
    ("NUL in a header", b"GET /api/v1/health/ HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", {400}),
    ("unknown transfer coding", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", {400, 501}),
    ("folded header", b"GET /api/v1/health/ HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", {400}),
    ("no Host", b"GET /api/v1/health/ HTTP/1.1\r\n\r\n", {400}),
    ("two Hosts", b"GET /api/v1/health/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", {400}),
    ("chunked on HTTP/1.0", b"POST /api/v1/health/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("500 headers", b"GET /api/v1/health/ HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(500)) + b"\r\n", {400, 431}),
    ("a 32 kB header", b"GET /api/v1/health/ HTTP/1.1\r\nHost: x\r\nA: " + BIG + b"\r\n\r\n", {400, 431}),
    ("a 32 kB target", b"GET /" + BIG + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 414, 431}),
    ("no version", b"GET /api/v1/health/\r\n\r\n", {400, 0}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505, 0}),
    ("TLS client hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, {400, 408, 0}),
    ("noise", bytes(range(256)) * 4, {400, 0}),
    ("control character in the target", b"GET /a\x01b HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
    ("CRLF in the path, encoded", b"GET /a%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
    ("dot segments", b"GET /assets/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404}),
    ("negative length", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", {400}),
    ("length beyond 64 bits", b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", {400, 413}),
]  # fmt: skip


@pytest.mark.parametrize("name,data,wanted", TABLE, ids=[row[0] for row in TABLE])
def test_a_malformed_request_is_refused(instance, name, data, wanted):
    answer = exchange(instance.martlet.port, data, within=12)
    assert status(answer) in wanted, answer[:300]
    assert b"root:" not in answer
    assert httpx.get(instance.url + "/api/v1/health/").status_code == 200


def test_a_body_over_the_limit_is_refused_before_it_is_read(instance):
    head = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    began = time.monotonic()
    assert status(exchange(instance.martlet.port, head % (2 << 20) + b"a" * 4096)) == 413
    assert time.monotonic() - began < 3


def test_a_smuggled_second_request_is_not_answered(instance):
    data = (
        b"POST /api/v1/health/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5c\r\nGET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n0\r\n\r\n"
    )
    assert exchange(instance.martlet.port, data).count(b"HTTP/1.1 ") == 1


def test_pipelined_requests_are_answered_in_order(instance):
    port = instance.martlet.port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        one = b"GET /api/v1/health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        two = b"GET /api/v1/no-such-thing/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        connection.sendall(one + two)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1 404") == 1


def test_slow_heads_do_not_keep_honest_clients_waiting(instance):
    """Three hundred clients send a byte at a time; the honest one stays under a second, and the slow ones are cut off."""
    port = instance.martlet.port
    slow = []
    for _ in range(300):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        slow.append(connection)
    stop = threading.Event()

    def drip():
        while not stop.wait(0.5):
            for connection in slow:
                try:
                    connection.send(b"a")
                except OSError:
                    continue

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    times = []
    with httpx.Client() as client:
        for _ in range(200):
            began = time.monotonic()
            assert client.get(instance.url + "/api/v1/health/").status_code == 200
            times.append(time.monotonic() - began)
    assert sorted(times)[197] < 1, "p99 of the honest client"
    dropped = 0
    deadline = time.monotonic() + 20
    for connection in slow:
        answer = read_answer(connection, max(0.05, deadline - time.monotonic()))
        dropped += status(answer) in (0, 408)
        connection.close()
    stop.set()
    dripping.join(5)
    assert dropped == 300
    assert time.monotonic() < deadline + 5, "a head has ten seconds in all, however it drips"
