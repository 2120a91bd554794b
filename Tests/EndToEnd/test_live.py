"""The live feed over each of its transports: hello, replay, reset, close codes, a reader that does not read."""

import json
import socket
import threading
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.api import Client, sign_up
from support.waiting import eventually


@pytest.fixture
def service(instance):
    """A service on the public page, operational."""
    made = instance.write.create("services/", name="Live", description="")
    page = instance.write.read("status-pages/")["results"][0]
    services = page.get("services", []) + [made["id"]]
    instance.write.ok("PATCH", f"status-pages/{page['id']}/", 200, json={"services": services})
    yield made
    instance.write.ok("DELETE", f"services/{made['id']}/", 204)


def public(instance, query: str = ""):
    return connect(
        f"{instance.url.replace('http', 'ws')}/ws/status/public/{instance.slug}/{query}", origin=instance.url
    )


def next_of(stream, kind: str, within: float = 5) -> dict:
    """The next message of a type; others before it are passed over."""
    deadline = time.monotonic() + within
    while True:
        message = json.loads(stream.recv(timeout=max(0.01, deadline - time.monotonic())))
        if message["type"] == kind:
            return message


def move(instance, service: dict, status: str):
    instance.write.ok("PATCH", f"services/{service['id']}/", 200, json={"status": status})


def test_a_visitor_is_greeted_and_sees_a_change_at_once(instance, service):
    with public(instance) as stream:
        hello = json.loads(stream.recv(timeout=5))
        assert hello["type"] == "hello" and hello["seq"] >= 0 and hello["epoch"]
        began = time.monotonic()
        move(instance, service, "degraded")
        update = next_of(stream, "service_status_update")
        assert time.monotonic() - began < 2
        assert update["seq"] > hello["seq"]
        assert {"id", "status", "name", "description", "status_display"} <= update["data"].keys()
        assert update["data"]["id"] == service["id"] and update["data"]["status"] == "degraded"


def test_what_was_missed_is_replayed_in_order(instance, service):
    with public(instance) as stream:
        hello = json.loads(stream.recv(timeout=5))
    for status in ("degraded", "partial", "operational"):
        move(instance, service, status)
    with public(instance, f"?since={hello['seq']}&epoch={hello['epoch']}") as stream:
        assert json.loads(stream.recv(timeout=5))["type"] == "hello"
        seen = [next_of(stream, "service_status_update") for _ in range(3)]
    assert [m["data"]["status"] for m in seen] == ["degraded", "partial", "operational"]
    assert [m["seq"] for m in seen] == sorted(m["seq"] for m in seen)
    assert len({m["seq"] for m in seen}) == 3


@pytest.mark.parametrize("query", ["?since=0&epoch=unheardof", "?since=999999999&epoch={epoch}"])
def test_an_unknown_past_answers_reset(instance, query):
    with public(instance) as stream:
        epoch = json.loads(stream.recv(timeout=5))["epoch"]
    with public(instance, query.format(epoch=epoch)) as stream:
        assert json.loads(stream.recv(timeout=5))["type"] == "hello"
        assert next_of(stream, "reset")["epoch"] == epoch


def test_polling_tells_the_same_story(instance, service):
    client = httpx.Client(base_url=instance.url)
    path = f"/events/status/public/{instance.slug}/changes/"
    now = client.get(path).json()
    move(instance, service, "major")
    later = client.get(path, params={"since": now["seq"], "epoch": now["epoch"]}).json()
    assert later["reset"] is False
    assert [m["data"]["status"] for m in later["results"] if m["type"] == "service_status_update"] == ["major"]
    assert client.get(path, params={"since": 0, "epoch": "unheardof"}).json()["reset"] is True


def read_events(response):
    """(id, event, data) of a stream of server-sent events."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if "data" in fields:
                yield fields
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


def test_server_sent_events_carry_it_and_resume_by_their_id(instance, service):
    path = f"{instance.url}/events/status/public/{instance.slug}/"
    with httpx.stream("GET", path, timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = read_events(response)
        assert json.loads(next(events)["data"])["type"] == "hello"
        move(instance, service, "degraded")
        event = next(e for e in events if json.loads(e["data"])["type"] == "service_status_update")
    last = event["id"]
    move(instance, service, "partial")
    with httpx.stream("GET", path, headers={"Last-Event-ID": last}, timeout=10) as response:
        messages = (json.loads(e["data"]) for e in read_events(response))
        replayed = next(m for m in messages if m["type"] == "service_status_update")
    assert replayed["data"]["status"] == "partial"


def closed_with(url: str, **options) -> int:
    with connect(url, **options) as stream:
        try:
            while True:
                stream.recv(timeout=5)
        except ConnectionClosed as closed:
            assert closed.rcvd
            return closed.rcvd.code


def test_close_codes_say_why(instance):
    ws = instance.url.replace("http", "ws")
    own = instance.owner.me["organization_id"]
    assert closed_with(f"{ws}/ws/status/public/no-such-page/", origin=instance.url) == 4001
    assert closed_with(f"{ws}/ws/status/org/{own}/", origin=instance.url) == 4001
    assert closed_with(f"{ws}/ws/status/org/{own}/?token=wrong", origin=instance.url) == 4002
    stranger = sign_up(instance.url, name="Eve", organization="Elsewhere live")
    ticket = stranger.create("realtime/ticket/")["token"]
    assert closed_with(f"{ws}/ws/status/org/{own}/?token={ticket}", origin=instance.url) == 4003


def test_a_ticket_opens_the_organizations_feed_once(instance, service):
    ws = instance.url.replace("http", "ws")
    own = instance.owner.me["organization_id"]
    ticket = instance.owner.create("realtime/ticket/")["token"]
    with connect(f"{ws}/ws/status/org/{own}/?token={ticket}", origin=instance.url) as stream:
        assert json.loads(stream.recv(timeout=5))["type"] == "hello"
        move(instance, service, "partial")
        assert next_of(stream, "service_status_update")["data"]["status"] == "partial"
    assert closed_with(f"{ws}/ws/status/org/{own}/?token={ticket}", origin=instance.url) == 4002


def test_a_foreign_origin_gets_no_socket(instance):
    url = f"{instance.url.replace('http', 'ws')}/ws/status/public/{instance.slug}/"
    with pytest.raises(Exception) as refused, connect(url, origin="https://evil.example"):
        pass
    assert "403" in str(refused.value)


def test_one_who_talks_too_fast_is_closed(instance):
    with public(instance) as stream:
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(5000):
                stream.send("{}")
            while True:
                stream.recv(timeout=5)
    assert closed.value.rcvd and closed.value.rcvd.code == 4008


def test_a_session_that_ends_takes_its_socket_with_it(instance):
    person = sign_up(instance.url, name="Kim", organization="Kim's")
    ws = instance.url.replace("http", "ws")
    cookie = "; ".join(f"{k}={v}" for k, v in person.cookies.items())
    with connect(
        f"{ws}/ws/status/org/{person.me['organization_id']}/", origin=instance.url, additional_headers={"Cookie": cookie}
    ) as stream:
        assert json.loads(stream.recv(timeout=5))["type"] == "hello"
        person.ok("POST", "auth/logout/", 204)
        with pytest.raises(ConnectionClosed):
            while True:
                stream.recv(timeout=10)


def test_a_reader_that_does_not_read_hinders_nobody(instance, service):
    """One socket with a tiny window never reads; another sees every change, and the server stays small."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect(("127.0.0.1", instance.martlet.port))
    raw.sendall(
        f"GET /ws/status/public/{instance.slug}/ HTTP/1.1\r\nHost: 127.0.0.1:{instance.martlet.port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: {instance.url}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    before = instance.martlet.rss_kb()
    seen: list[int] = []
    with public(instance) as stream:
        json.loads(stream.recv(timeout=5))

        def listen():
            while len(seen) < 200:
                seen.append(next_of(stream, "service_status_update", within=30)["seq"])

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        for number in range(200):
            move(instance, service, ("degraded", "operational")[number % 2])
        listener.join(30)
    assert len(seen) == 200 and seen == sorted(set(seen))
    assert instance.martlet.rss_kb() - before < 20_000
    raw.close()
    assert eventually(lambda: Client(instance.url).get("health/").status_code == 200)
