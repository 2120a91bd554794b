"""A DNS server for tests that fails in each of the ways that real ones do."""

import socket
import threading

from dnslib import NS, A, QTYPE, RCODE, RR, DNSRecord

# How names can fail, and what a check calls it.
FAILURES = {
    "servfail": "dns_error", "nxdomain": "dns_not_found", "silent": "dns_error", "wrong_id": "dns_error",
    "truncated": "dns_error", "lame": "dns_error",
}  # fmt: skip


class Nameserver:
    """Every name leads to `address`, unless it is in `broken` or everything is: name or "*" to one of `FAILURES`."""

    def __init__(self, address: str = "127.0.0.1"):
        self.address = address
        self.broken: dict[str, str] = {}
        self.asked: list[str] = []
        self.answered: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.at = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                packet, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            question = DNSRecord.parse(packet)
            answer = self._answer(question)
            if answer:
                self._socket.sendto(answer, peer)
                self.answered.append(str(question.q.qname).rstrip("."))

    def _answer(self, question: DNSRecord) -> bytes | None:
        name = str(question.q.qname).rstrip(".")
        self.asked.append(name)
        reply = question.reply()
        match self.broken.get(name) or self.broken.get("*"):
            case "servfail":
                reply.header.rcode = RCODE.SERVFAIL
            case "nxdomain":
                reply.header.rcode = RCODE.NXDOMAIN
            case "silent":
                return None
            case "wrong_id":
                reply.header.id ^= 0x5555
            case "truncated":
                # And nobody listens on TCP.
                reply.header.tc = 1
            case "lame":
                reply.header.rcode = RCODE.REFUSED
            case None if name and question.q.qtype == QTYPE.A:
                reply.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(self.address), ttl=0))
        return reply.pack()

    def stop(self):
        self._socket.close()


class RootServer:
    """Answers over TCP for the root of the DNS, as its own."""

    def __init__(self, address: str):
        self._socket = socket.create_server((address, 0))
        self.at = f"{address}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket):
        with peer, peer.makefile("rb") as stream:
            size = stream.read(2)
            if len(size) < 2:
                return
            question = DNSRecord.parse(stream.read(int.from_bytes(size)))
            reply = question.reply(ra=0, aa=1)
            reply.add_answer(RR(".", QTYPE.NS, rdata=NS("a.root-servers.net."), ttl=0))
            packet = reply.pack()
            peer.sendall(len(packet).to_bytes(2) + packet)

    def stop(self):
        self._socket.close()
