"""Local things to monitor that do as they are told, and the certificates for them."""

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        target: Target = self.server.target
        target.hits += 1
        mode = target.mode
        if mode == "flaky":
            mode = "failing" if target.hits % 2 else "healthy"
        if mode == "slow":
            target.released.wait(target.delay)
        if mode == "dead":
            self.close_connection = True
            return
        status = 500 if mode == "failing" else 200
        body = b'{"status": "%s"}' % (b"broken" if status == 500 else b"up")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_HEAD = do_POST = do_GET

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256


class Target:
    """An HTTP server in one of the modes healthy, failing, slow, flaky or dead; may be stopped and started again."""

    def __init__(
        self, mode: str = "healthy", delay: float = 1.0, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ):
        self.mode = mode
        self.address = address
        self.delay = delay
        self.hits = 0
        self.released = threading.Event()
        self._tls = tls
        self._port = 0
        self._server: _Server | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.address}:{self._port}/"

    @property
    def port(self) -> int:
        return self._port

    def start(self):
        self._server = _Server((self.address, self._port), _Handler)
        self._server.target = self
        if self._tls:
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self._server:
            self.released.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Recorder:
    """Takes webhooks and keeps them: each as (headers in lower case, body)."""

    def __init__(self, status: int = 200):
        self.status = status
        self.received: list[tuple[dict, bytes]] = []
        recorder = self

        class Handler(_Handler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(recorder.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Certificates:
    """A certificate authority of one's own, and certificates that it signed."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._root = self._signed(self._name, self._key.public_key(), is_authority=True)
        self.authority = folder / "ca.pem"
        self.authority.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str = "localhost") -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(name, key.public_key(), host=host)
        pem = self._folder / f"{host}.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _signed(self, name, public_key, host: str | None = None, is_authority: bool = False):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=90))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if host:
            is_address = host.replace(".", "").isdigit()
            own = x509.IPAddress(ipaddress.ip_address(host)) if is_address else x509.DNSName(host)
            names = [own, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Folder:
    """A folder of files over HTTP."""

    def __init__(self, folder: Path):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(folder))

            def log_message(self, *_):
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
