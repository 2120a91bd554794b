"""What stands between an old worker and a new control plane, or the other way round: every message has fields of a future."""

import http.server
import json
import threading

import httpx


def of_the_future(value):
    """The same with a field in each object that nobody knows yet."""
    if isinstance(value, dict):
        return {"zz_future": {"a": [1, None, "x"]}, **{key: of_the_future(one) for key, one in value.items()}}
    if isinstance(value, list):
        return [of_the_future(one) for one in value]
    return value


class FromTheFuture:
    """A proxy to the control plane that adds unknown fields to what passes, in both directions."""

    def __init__(self, url: str):
        self.changed = {"asked": 0, "answered": 0}
        outer = self
        upstream = httpx.Client(base_url=url, timeout=70)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if body:
                    body = json.dumps(of_the_future(json.loads(body))).encode()
                    outer.changed["asked"] += 1
                kept = {k: v for k, v in self.headers.items() if k.lower() in ("authorization", "content-type")}
                try:
                    answer = upstream.request(self.command, self.path, content=body, headers=kept)
                except httpx.HTTPError:
                    self.close_connection = True
                    return
                body = answer.content
                if body and answer.headers.get("content-type", "").startswith("application/json"):
                    body = json.dumps(of_the_future(answer.json())).encode()
                    outer.changed["answered"] += 1
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("content-type", "application/json"))
                self.send_header("X-Future", "1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
