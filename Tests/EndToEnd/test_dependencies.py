"""Many failures, few messages: a parent and its child that fail together, and a target that flaps."""

import json
import re

import pytest

from support.api import first_account
from support.pages import Watched, axe_findings, scrolls_sideways
from support.steps import wait_for_status, webhook_channel
from support.waiting import eventually

pytestmark = pytest.mark.fleet


@pytest.fixture
def owner(serve):
    """The owner of an installation of this test's own: nobody else's targets fail in it."""
    return first_account(serve())


# Two good checks five seconds apart, a slot's budget and a second: how long a child has to recover after its parent.
GRACE = 2 * 5 + 5 + 1


def heard(webhooks) -> list[tuple[str, str]]:
    """What the webhook was told, in order: type and monitor."""
    messages = [json.loads(body) for _, body in webhooks.received]
    return [(one["type"], one["data"]["name"]) for one in messages]


def incident_of(client, monitor: dict) -> dict:
    return next(one for one in client.read("incidents/")["results"] if one["monitor_ids"] == [monitor["id"]])


def both_down(owner, target, gateway_name: str, shop_name: str):
    """A gateway and a shop behind it, both up and then failing together."""
    behind, before = target(), target()
    gateway = owner.monitor(before.url, name=gateway_name, attempts=2, recovery_checks=2)
    shop = owner.monitor(
        behind.url, name=shop_name, attempts=2, recovery_checks=2, depends_on=[gateway["id"]]
    )
    for one in (gateway, shop):
        wait_for_status(owner, one, "up")
    before.mode = behind.mode = "failing"
    for one in (gateway, shop):
        wait_for_status(owner, one, "down", within=30)
    return (gateway, before), (shop, behind)


def test_a_parent_and_its_child_that_fail_together_are_one_message(owner, target, webhooks):
    webhook_channel(owner, webhooks.url)
    (gateway, before), (shop, behind) = both_down(owner, target, "Gateway", "Shop")
    down = [("monitor.down", "Gateway")]
    eventually(lambda: heard(webhooks) == down, 10, what=f"one message, not {heard(webhooks)}")
    child = eventually(
        lambda: next((i for i in [incident_of(owner, shop)] if i["caused_by"]), None), 5, what="the cause"
    )
    parent = incident_of(owner, gateway)
    assert child["caused_by"] == parent["id"] and parent["causing"] == [child["id"]]
    # The child is checked and recorded as ever.
    results = owner.read(f"monitors/{shop['id']}/results/")["results"]
    assert any(one["status"] == "down" for one in results)
    before.mode = behind.mode = "healthy"
    for one in (gateway, shop):
        wait_for_status(owner, one, "up", within=40)
    ended = down + [("monitor.resolved", "Gateway")]
    eventually(lambda: heard(webhooks) == ended, 10, what=f"one end, not {heard(webhooks)}")
    # By now whatever was held would have gone: nothing of it is left in the outbox.
    notes = owner.everything("notifications/")
    assert all(one["state"] == "sent" for one in notes) and len(notes) == 2, notes
    assert not [i for i in owner.read("incidents/", state="open")["results"]]


def test_a_child_that_stays_down_is_told_after_its_parent_recovered(owner, target, webhooks):
    webhook_channel(owner, webhooks.url)
    (gateway, before), (shop, _) = both_down(owner, target, "Router", "Store")
    eventually(lambda: heard(webhooks) == [("monitor.down", "Router")], 10, what="the parent's message")
    before.mode = "healthy"
    wait_for_status(owner, gateway, "up", within=40)
    told = [("monitor.down", "Router"), ("monitor.resolved", "Router"), ("monitor.down", "Store")]
    eventually(lambda: heard(webhooks) == told, GRACE + 10, what="the child's own message")


def test_a_child_that_fails_alone_is_told_without_delay(owner, target, webhooks):
    webhook_channel(owner, webhooks.url)
    well, broken = target(), target()
    # The parent's own next look is an hour away: it is looked at because the child fails.
    parent = owner.monitor(well.url, name="Database", interval_s=3600, timeout_ms=20_000, attempts=5)
    child = owner.monitor(broken.url, name="Orders", attempts=1, depends_on=[parent["id"]])
    for one in (parent, child):
        wait_for_status(owner, one, "up")
    hits = well.hits
    broken.mode = "failing"
    eventually(lambda: ("monitor.down", "Orders") in heard(webhooks), 12, what="the child's message")
    assert well.hits > hits
    assert incident_of(owner, child)["caused_by"] is None


def test_what_cannot_be_depended_on_is_refused(owner, target):
    one = owner.monitor(target().url, name="One")
    two = owner.monitor(target().url, name="Two", depends_on=[one["id"]])
    three = owner.monitor(target().url, name="Three", depends_on=[two["id"]])
    assert three["depends_on"] == [two["id"]] and one["depends_on"] == []

    def refused(monitor, wanted):
        answer = owner.patch(f"monitors/{monitor['id']}/", json={"depends_on": wanted})
        assert answer.status_code == 422, answer.text
        return answer.json()["errors"][0]

    assert refused(one, [three["id"]])["pointer"] == "/depends_on/0"
    assert "circle" in refused(one, [three["id"]])["detail"]
    assert "circle" in refused(one, [one["id"]])["detail"]
    absent = refused(one, ["mon_" + "0" * 26])
    assert absent["pointer"] == "/depends_on/0"
    assert refused(one, [two["id"]] * 2)["pointer"] == "/depends_on"
    assert refused(one, [f"mon_{n:026d}" for n in range(11)])["pointer"] == "/depends_on"
    # A deleted parent is forgotten.
    owner.ok("DELETE", f"monitors/{two['id']}/", 204)
    assert owner.read(f"monitors/{three['id']}/")["depends_on"] == []


@pytest.fixture
def flapping(owner, target, webhooks):
    """A monitor that went down and came back until it was called flapping, and a way to go on with that."""
    webhook_channel(owner, webhooks.url)
    unsteady = target()
    monitor = owner.monitor(unsteady.url, name="Unsteady", attempts=1, recovery_checks=1)
    wait_for_status(owner, monitor, "up")

    def turn(mode: str):
        unsteady.mode = mode
        owner.ok("POST", f"monitors/{monitor['id']}/check/", 202)
        wait_for_status(owner, monitor, "down" if mode == "failing" else "up", within=10)

    for n in range(5):
        turn("healthy" if n % 2 else "failing")
    return monitor, turn


def test_a_flapping_target_is_few_messages(owner, flapping, webhooks):
    monitor, turn = flapping
    eventually(lambda: owner.read(f"monitors/{monitor['id']}/")["flapping"], 5, what="flapping")
    told = [
        ("monitor.down", "Unsteady"), ("monitor.resolved", "Unsteady"), ("monitor.down", "Unsteady"),
        ("monitor.resolved", "Unsteady"), ("monitor.flapping", "Unsteady"),
    ]  # fmt: skip
    eventually(lambda: heard(webhooks) == told, 10, what=f"flapping told, not {heard(webhooks)}")
    for n in range(10):
        turn("failing" if n % 2 else "healthy")
    assert heard(webhooks) == told
    assert all(one["state"] == "sent" for one in owner.everything("notifications/") if one["incident_id"])
    open_now = [i for i in owner.read("incidents/", state="open")["results"] if monitor["id"] in i["monitor_ids"]]
    assert len(open_now) == 1 and "keeps going down" in open_now[0]["updates"][-1]["message"]
    # Down is down: the time spent so is counted as ever.
    eventually(lambda: owner.read(f"monitors/{monitor['id']}/uptime/")["down_s"] >= 2, 10, what="seconds down")


LOOKS = (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360))


def test_the_pages_show_it(owner, browser, flapping, target, tmp_path):
    monitor, _ = flapping
    (gateway, _), (shop, _) = both_down(owner, target, "Edge", "Catalogue")
    child = eventually(lambda: next((i for i in [incident_of(owner, shop)] if i["caused_by"]), None), 10)
    watched = Watched(browser)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": owner.root} for c in owner.cookies.jar]
    )
    page = watched.page
    paths = {
        "flapping": f"/monitors/{monitor['id']}", "list": "/monitors", "child": f"/monitors/{shop['id']}",
        "parent": f"/monitors/{gateway['id']}", "form": f"/monitors/{shop['id']}/edit",
        "incident": f"/incidents/{child['id']}", "cause": f"/incidents/{child['caused_by']}", "incidents": "/incidents",
    }  # fmt: skip
    for name, path in paths.items():
        page.goto(owner.root + path)
        if name == "form":
            page.locator("summary", has_text="Depends on").click()
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            assert not scrolls_sideways(page), f"{path} {scheme} {width}"
            assert axe_findings(page) == [], f"{path} {scheme} {width}"
            page.screenshot(path=str(tmp_path / f"{name}-{scheme}-{width}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(owner.root + paths["flapping"])
    assert re.search(r"flapping", page.locator("#page-state").inner_text())
    page.goto(owner.root + paths["child"])
    page.get_by_role("link", name="Edge is down").first.click()
    assert page.url.endswith(child["caused_by"])
    page.get_by_role("link", name="Catalogue is down").first.click()
    assert page.url.endswith(child["id"])
    assert not watched.complaints, watched.complaints
    watched.close()


def test_a_dependency_is_set_without_javascript(owner, browser, target):
    gateway = owner.monitor(target().url, name="Front door")
    room = owner.monitor(target().url, name="Room", depends_on=[])
    watched = Watched(browser, java_script_enabled=False)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": owner.root} for c in owner.cookies.jar]
    )
    page = watched.page
    page.goto(f"{owner.root}/monitors/{room['id']}/edit")
    page.locator("summary", has_text="Depends on").click()
    page.get_by_label("Front door", exact=True).check()
    page.click("button[value=save]")
    assert owner.read(f"monitors/{room['id']}/")["depends_on"] == [gateway["id"]]
    # The other way round would be a circle, and is said beside the field.
    page.goto(f"{owner.root}/monitors/{gateway['id']}/edit")
    page.locator("summary", has_text="Depends on").click()
    page.get_by_label("Room", exact=True).check()
    page.click("button[value=save]")
    assert "circle" in page.locator("details[open] .error, details[open] [id$='-e']").first.inner_text()
    assert owner.read(f"monitors/{gateway['id']}/")["depends_on"] == []
    watched.close()
