"""Raw bytes over TCP, for what no well-behaved client would send."""

import socket
import time


def exchange(port: int, data: bytes, within: float = 5, close_write: bool = False) -> bytes:
    """Sends `data` and returns what came back until the peer closed, a whole answer was there, or the time was up."""
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        connection.settimeout(within)
        try:
            connection.sendall(data)
            if close_write:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_answer(connection, within)


def read_answer(connection: socket.socket, within: float) -> bytes:
    """One answer with its body, or whatever there is when the peer closes or the time is up."""
    answer = b""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and not is_whole(answer):
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            chunk = connection.recv(65536)
        except (TimeoutError, ConnectionResetError):
            break
        if not chunk:
            break
        answer += chunk
    return answer


def is_whole(answer: bytes) -> bool:
    head, gap, body = answer.partition(b"\r\n\r\n")
    if not gap:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return len(body) >= int(value)
    return head.split(b" ")[1] in (b"204", b"304")


def status(answer: bytes) -> int:
    """The status of an answer, 0 when there was none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0
