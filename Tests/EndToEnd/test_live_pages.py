"""Pages that change under the reader's eyes: over each transport, after a break, from a check's sample, from the cache."""

import json
import re
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.pages import Watched
from support.steps import finished
from support.waiting import eventually

NO_SOCKET = "window.WebSocket = class { constructor() { throw new Error('no sockets here') } };"
NO_EVENTS = "window.EventSource = class { constructor() { throw new Error('no event streams here') } };"


@pytest.fixture
def service(instance):
    """A service that the public page shows, operational."""
    made = instance.write.create("services/", name="Ferry", description="")
    page = instance.write.read("status-pages/")["results"][0]
    instance.write.ok("PATCH", f"status-pages/{page['id']}/", 200, json={"services": [made["id"]]})
    yield made
    instance.write.ok("DELETE", f"services/{made['id']}/", 204)


@pytest.fixture
def nobody(browser):
    watched = Watched(browser)
    yield watched
    watched.close()


@pytest.fixture
def member(browser, instance):
    watched = Watched(browser)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": instance.url} for c in instance.owner.cookies.jar]
    )
    yield watched
    watched.close()


def move(instance, service: dict, status: str):
    instance.write.ok("PATCH", f"services/{service['id']}/", 200, json={"status": status})


def open_and_mark(page, url: str):
    """Opens a page and leaves a mark that no reload survives."""
    page.goto(url)
    page.evaluate("window.mark = 'kept'")


def shows(page, words: str, within: float = 10):
    page.wait_for_function(
        "words => document.getElementById('page-state').innerText.includes(words)", arg=words, timeout=within * 1000
    )
    assert page.evaluate("window.mark") == "kept", "the page was loaded again"


def answer_of(page: httpx.Response) -> str:
    """The sentence at the head of a page, without its markup."""
    return re.sub(r"<[^>]*>", "", re.search(r"<h1>(.*?)</h1>", page.text)[1])


def test_a_change_shows_within_a_second_of_the_cached_page(instance, service):
    took: list[float] = []
    with httpx.Client(base_url=instance.url) as client:
        path = f"/status/{instance.slug}"
        for number in range(6):
            words, status = (("slow or degraded", "degraded"), ("is down", "major"))[number % 2]
            before = client.get(path)
            assert before.status_code == 200 and words not in answer_of(before)
            move(instance, service, status)
            began = time.monotonic()

            def changed(etag=before.headers["etag"], words=words):
                answer = client.get(path, headers={"if-none-match": etag})
                assert answer.status_code in (200, 304)
                return answer.status_code == 200 and words in answer_of(answer)

            eventually(changed, 3, 0.02)
            took.append(time.monotonic() - began)
    print(f"a change showed after {', '.join(f'{t * 1000:.0f} ms' for t in took)}")
    # One rendering a second at most, and what it takes.
    assert max(took) < 1.25, took


def test_the_public_page_follows_by_socket(instance, service, nobody):
    sockets: list[str] = []
    nobody.page.on("websocket", lambda socket: sockets.append(socket.url))
    open_and_mark(nobody.page, f"{instance.url}/status/{instance.slug}")
    nobody.page.get_by_text("Live", exact=True).wait_for()
    move(instance, service, "partial")
    shows(nobody.page, "Ferry is partly down.")
    assert sockets and "since=" in sockets[0] and "epoch=" in sockets[0]
    assert nobody.complaints == []


def test_nobody_reads_operational_without_fresh_data_not_even_for_a_moment(instance, service, nobody):
    move(instance, service, "major")
    page = nobody.page
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.words = [];
          new MutationObserver(() => words.push(document.querySelector("#svcs .st").textContent))
            .observe(document.querySelector("#svcs"), { subtree: true, childList: true, characterData: true });
        })"""
    )
    open_and_mark(page, f"{instance.url}/status/{instance.slug}")
    page.get_by_text("Live", exact=True).wait_for()
    move(instance, service, "operational")
    shows(page, "No service has fresh data.")
    assert page.evaluate("words").count("No data") == len(page.evaluate("words")) > 0


@pytest.mark.parametrize(
    "broken, path", [(NO_SOCKET, "/events/status/public/{slug}/?"), (NO_SOCKET + NO_EVENTS, "/changes/?")],
    ids=["event stream", "polling"],
)  # fmt: skip
def test_without_the_better_transport_the_page_falls_to_the_next(instance, service, nobody, broken, path):
    page = nobody.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(broken)
    page.clock.install()
    open_and_mark(page, f"{instance.url}/status/{instance.slug}")
    wanted = path.format(slug=instance.slug)
    for _ in range(80):
        page.clock.run_for(2000)
        if any(wanted in url for url in asked):
            break
    assert any(wanted in url for url in asked), asked
    move(instance, service, "major")

    def seen():
        page.clock.run_for(5000)
        return "Ferry is down." in page.locator("#page-state").inner_text()

    eventually(seen, 20, 0.1)
    assert page.evaluate("window.mark") == "kept"


def test_what_happened_while_the_line_was_down_is_replayed(instance, service, nobody):
    page = nobody.page
    lines: list = []

    def carry(line):
        lines.append(line)
        line.connect_to_server()

    page.route_web_socket("**/ws/status/public/**", carry)
    open_and_mark(page, f"{instance.url}/status/{instance.slug}")
    page.get_by_text("Live", exact=True).wait_for()
    move(instance, service, "degraded")
    shows(page, "Ferry is slow or degraded.")
    lines[0].close(code=1001)
    move(instance, service, "major")
    shows(page, "Ferry is down.", 20)
    assert len(lines) == 2
    first, second = (int(line.url.split("since=")[1].split("&")[0]) for line in lines)
    assert second > first, "the second line asks for what followed the first"


def test_a_members_socket_carries_samples_and_a_visitors_does_not(instance, service, target):
    ws = instance.url.replace("http", "ws")
    own = instance.owner.me["organization_id"]
    cookie = "; ".join(f"{c.name}={c.value}" for c in instance.owner.cookies.jar)
    monitor = instance.write.monitor(target().url)
    instance.write.ok("PATCH", f"services/{service['id']}/", 200, json={"monitors": [monitor["id"]]})
    with (
        connect(f"{ws}/ws/status/public/{instance.slug}/", origin=instance.url) as visitor,
        connect(f"{ws}/ws/status/org/{own}/", origin=instance.url, additional_headers={"Cookie": cookie}) as stream,
    ):
        deadline = time.monotonic() + 15
        while True:
            message = json.loads(stream.recv(timeout=max(0.01, deadline - time.monotonic())))
            if message["type"] == "monitor_update" and "seq" not in message:
                break
        data = message["data"]
        assert data["id"] == monitor["id"] and data["result"] == "up" and data["total_us"] > 0
        assert data["region"] and data["at"].endswith("Z")
        heard = []
        try:
            while True:
                heard.append(json.loads(visitor.recv(timeout=1))["type"])
        except TimeoutError:
            assert "monitor_update" not in heard and heard[0] == "hello"
        except ConnectionClosed as closed:
            raise AssertionError("the visitor's socket was closed") from closed


def test_the_page_of_a_monitor_grows_by_its_checks_and_the_list_notes_them(instance, member, target):
    monitor = instance.write.monitor(target().url, name="Tide gauge")
    eventually(lambda: finished(instance.write, monitor), 15)
    page = member.page
    open_and_mark(page, f"{instance.url}/monitors/{monitor['id']}")
    rows = page.locator("#checks tbody tr").count()
    page.wait_for_function("n => document.querySelectorAll('#checks tbody tr').length > n", arg=rows, timeout=15_000)
    assert page.evaluate("window.mark") == "kept"
    open_and_mark(page, f"{instance.url}/monitors")
    page.wait_for_function(
        "id => document.querySelector(`#${id} .c-when`).textContent === '0\\u202fs'", arg=monitor["id"], timeout=15_000
    )
    assert page.evaluate("window.mark") == "kept"
    assert member.complaints == []
