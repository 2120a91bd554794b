"""From the printed link to a measured monitor within a minute, then through an outage and back, in a real browser."""

import json
import time

import pytest
from standardwebhooks import Webhook

from support.api import PASSWORD, Client
from support.steps import finished, status_of, wait_for_status, webhook_channel
from support.waiting import eventually


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def signed_in_client(martlet) -> Client:
    client = Client(martlet.url)
    client.me = client.ok("POST", "auth/login/", 200, json={"email": "ada@example.org", "password": PASSWORD})
    return client


def test_setup_first_monitor_outage_and_recovery(serve, target, webhooks, browser, page):
    martlet = serve()
    healthy = target()
    began = time.monotonic()

    page.goto(eventually(lambda: martlet.setup_url, 5, what="the printed link"))
    page.fill("[name=name]", "Ada")
    page.fill("[name=organization]", "Harbourline")
    page.fill("[name=email]", "ada@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url(lambda url: "/setup" not in url)

    page.goto(martlet.url + "/monitors/new")
    page.fill("[name=url]", healthy.url)
    page.locator("details:has([name=interval_s]) > summary").click()
    page.fill("[name=interval_s]", "5")
    page.fill("[name=timeout_ms]", "2000")
    created = time.monotonic()
    page.click("button[value=save]")
    page.wait_for_url(lambda url: "/monitors/mon_" in url)
    page.get_by_text("200", exact=False).first.wait_for(timeout=5000 - (time.monotonic() - created) * 1000)
    seen = time.monotonic()
    assert seen - created <= 5, "the first result is on screen within 5 s of creation"
    assert seen - began < 60, "setup to first result takes under a minute"

    api = signed_in_client(martlet)
    monitor = api.read("monitors/")["results"][0]
    assert monitor["interval_s"] == 5
    assert finished(api, monitor)[-1]["trigger"] == "created"
    wait_for_status(api, monitor, "up")

    service = next((s for s in api.read("services/")["results"] if monitor["id"] in s["monitors"]), None)
    if service is None:
        service = api.create("services/", name="Checkout", description="", monitors=[monitor["id"]])
    status_page = api.read("status-pages/")["results"][0]
    services = [service["id"]] + [s for s in status_page.get("services", []) if s != service["id"]]
    api.ok("PATCH", f"status-pages/{status_page['id']}/", 200, json={"services": services})
    channel, secret = webhook_channel(api, webhooks.url)

    visitor = browser.new_context().new_page()
    visitor.goto(f"{martlet.url}/status/{status_page['slug']}")
    visitor.evaluate("window.sameDocument = true")
    calm = visitor.locator("#page-state").inner_text()

    healthy.stop()
    wait_for_status(api, monitor, "unconfirmed", "down", within=15)
    wait_for_status(api, monitor, "down", within=30)
    incident = eventually(lambda: api.read("incidents/")["results"], 5, what="an incident")[0]
    assert incident["cause"] == "monitor" and incident["status"] != "resolved"
    assert monitor["id"] in incident["monitor_ids"]

    eventually(lambda: len(webhooks.received) >= 1, 15, what="the webhook of the outage")
    headers, body = webhooks.received[0]
    Webhook(secret).verify(body, headers)
    with pytest.raises(Exception):
        Webhook(secret).verify(body.replace(b"{", b"{ ", 1), headers)
    assert isinstance(json.loads(body), dict)

    eventually(lambda: visitor.locator("#page-state").inner_text() != calm, 10, what="the public page changed")
    visitor.locator("#open-incidents article").first.wait_for(timeout=5000)
    assert visitor.evaluate("window.sameDocument") is True, "the page changed without a reload"

    healthy.start()
    wait_for_status(api, monitor, "up", within=30)
    eventually(lambda: api.read(f"incidents/{incident['id']}/")["status"] == "resolved", 5, what="resolved")
    eventually(lambda: len(webhooks.received) >= 2, 15, what="the webhook of the recovery")
    Webhook(secret).verify(webhooks.received[1][1], webhooks.received[1][0])
    assert webhooks.received[1][0]["webhook-id"] != headers["webhook-id"]
    eventually(lambda: visitor.locator("#open-incidents article").count() == 0, 10, what="the page is calm again")
    assert len(webhooks.received) == 2, "one message per transition"
    visitor.context.close()
    assert martlet.stop() == 0


def test_a_first_failure_is_unconfirmed_before_it_is_down(serve, target):
    martlet = serve()
    from support.api import first_account

    owner = first_account(martlet)
    broken = target("failing")
    monitor = owner.monitor(broken.url, attempts=3)
    seen = []

    def watch():
        status = status_of(owner, monitor)
        if not seen or seen[-1] != status:
            seen.append(status)
        return status == "down"

    eventually(watch, 20, every=0.02, what="down")
    assert "unconfirmed" in seen, seen
    assert "up" not in seen
