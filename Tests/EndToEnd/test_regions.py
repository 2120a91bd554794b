"""A second place to look from, as a new user adds it: the page, the command it shows, a worker, both in the chart, revoked."""

import shlex
import subprocess
import time

import httpx
import pytest
from standardwebhooks import Webhook

from support.pages import Watched, faults
from support.process import BINARY
from support.steps import webhook_channel
from support.waiting import eventually


@pytest.fixture
def member(browser, instance):
    """A browser that is logged in as the owner."""
    watched = signed_in(browser, instance)
    yield watched
    watched.close()


def signed_in(browser, instance, **options) -> Watched:
    watched = Watched(browser, **options)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": instance.url} for c in instance.owner.cookies.jar]
    )
    return watched


@pytest.fixture
def run_command(tmp_path):
    """Runs the command that a page shows, as it stands there, in a folder of the test's own."""
    started: list[subprocess.Popen] = []

    def start(command: str) -> subprocess.Popen:
        words = shlex.split(command)
        assert words[0] == "martlet"
        log = (tmp_path / f"worker-{len(started)}.log").open("w")
        started.append(
            subprocess.Popen([str(BINARY), *words[1:]], cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT, text=True)
        )
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
            one.wait(10)


def region_of(instance, name: str) -> dict | None:
    return next((one for one in instance.reader.read("regions/")["results"] if one["name"] == name), None)


def wait_for_state(instance, name: str, state: str, within: float) -> dict:
    return eventually(
        lambda: next((r for r in [region_of(instance, name)] if r and r["state"] == state), None),
        within,
        what=f"{name} is {state}",
    )


@pytest.mark.timeout(180)
def test_a_region_is_added_with_the_command_of_the_page_takes_part_and_is_revoked(
    instance, member, target, run_command
):
    page = member.page
    monitor = instance.write.monitor(target().url, name="Checkout")
    began = time.monotonic()

    page.goto(instance.url + "/regions")
    page.fill("[name=name]", "fra")
    page.get_by_role("button", name="Add region").click()
    command = page.locator("#once").inner_text()
    assert f"--control-plane {instance.url} " in command and "--region fra " in command
    assert page.locator("tbody", has_text="fra").get_by_text("No worker yet.").is_visible()
    worker = run_command(command)
    # The page that shows the command turns by itself: nobody presses reload.
    page.locator("tbody", has_text="fra").get_by_text("1 of 1 worker healthy").wait_for(timeout=25_000)
    assert command in page.locator("#once").inner_text(), "and the command is still there"
    seen = wait_for_state(instance, "fra", "healthy", 5)
    assert seen["healthy_workers"] == 1
    one = seen["workers"][0]
    assert one["id"].startswith("wrk_") and one["state"] == "healthy" and abs(one["clock_skew_ms"]) < 1000

    page.goto(f"{instance.url}/monitors/{monitor['id']}/edit")
    page.locator("details:has([name=region]) > summary").click()
    label = page.locator("label", has=page.locator("[name=region][value=fra]"))
    assert "1 healthy worker" in label.inner_text()
    label.locator("input").check()
    page.click("button[value=save]")
    page.wait_for_url("**?done=saved")

    def both():
        rows = instance.reader.read(f"monitors/{monitor['id']}/results/")["results"]
        by_region = {row["region"]: row for row in rows if row["trigger"] == "schedule"}
        return by_region if set(by_region) == {"local", "fra"} else None

    rows = eventually(both, 30, what="results of both regions")
    assert time.monotonic() - began < 60, "from the page to results of both regions in under a minute"
    assert rows["fra"]["worker_id"] == one["id"] and rows["local"]["worker_id"] is None
    page.locator("#checks td", has_text="fra").first.wait_for(timeout=15_000)
    assert page.locator("#checks td", has_text="local").count() > 0

    legend = page.locator("ul[aria-label='Latest values']").inner_text()
    assert "fra p50" in legend and "local p50" in legend and "none" not in legend, legend

    page.goto(instance.url + "/regions")
    group = page.locator("tbody", has_text="fra")
    group.locator("summary", has_text="Revoke").click()
    group.get_by_role("button", name="Revoke ").click()
    page.wait_for_url("**?done=revoked-worker")
    assert page.get_by_text("Revoked: it stops within half a minute.").is_visible()
    assert worker.wait(30) == 77
    assert region_of(instance, "fra")["workers"] == []
    again = run_command(command)
    assert again.wait(20) == 77, "neither its identity nor the used token lets it back in"
    instance.write.ok("DELETE", f"monitors/{monitor['id']}/")


@pytest.mark.timeout(180)
def test_a_region_that_falls_silent_is_told_once_on_every_page_and_by_message_and_so_is_its_return(
    instance, browser, target, webhooks, run_command
):
    watched = signed_in(browser, instance, java_script_enabled=False)
    page = watched.page
    page.goto(instance.url + "/regions")
    page.fill("[name=name]", "lon")
    page.get_by_role("button", name="Add region").click()
    command = page.locator("#once").inner_text()
    worker = run_command(command)
    wait_for_state(instance, "lon", "healthy", 20)
    _, secret = webhook_channel(instance.write, webhooks.url)
    monitor = instance.write.monitor(target().url, regions=["local", "lon"], name="Two places")

    def told() -> list[str]:
        kinds = []
        for headers, body in webhooks.received:
            kinds.append(Webhook(secret).verify(body, headers)["type"])
        return [kind for kind in kinds if kind.startswith("region.")]

    page.goto(instance.url + "/settings/account")
    assert page.locator("#banners .banner").count() == 0
    worker.kill()
    worker.wait(10)
    wait_for_state(instance, "lon", "offline", 45)
    page.reload()
    banner = page.locator("#banners .banner")
    assert "Region lon is offline" in banner.inner_text()
    assert "goes on with its other regions" in banner.inner_text()
    eventually(told, 15, what="the message")
    assert instance.reader.read(f"monitors/{monitor['id']}/")["status"] == "up", "no outage of the target"

    worker = run_command(command)
    wait_for_state(instance, "lon", "healthy", 30)
    eventually(lambda: told() == ["region.offline", "region.healthy"], 15, what="one message each")
    page.reload()
    assert page.locator("#banners .banner").count() == 0
    watched.close()
    worker.terminate()
    assert worker.wait(20) == 0


def test_saving_a_monitor_that_nobody_can_look_at_there_warns(instance, member, target):
    page = member.page
    page.goto(instance.url + "/regions")
    page.fill("[name=name]", "empty")
    page.get_by_role("button", name="Add region").click()
    page.locator("#once").wait_for()
    page.goto(instance.url + "/monitors/new")
    page.fill("[name=url]", target().url)
    page.locator("details:has([name=region]) > summary").click()
    label = page.locator("label", has=page.locator("[name=region][value=empty]"))
    assert "no healthy worker" in label.inner_text()
    label.locator("input").check()
    page.click("button[value=save]")
    page.wait_for_url("**?done=saved-unwatched")
    assert "no healthy worker" in page.locator(".toast").inner_text()
    assert page.locator("#banners").get_by_text("Region empty is offline").is_visible()
    page.locator("#banners").get_by_role("link", name="See regions").first.click()
    page.wait_for_url("**/regions")


@pytest.mark.timeout(120)
def test_a_stand_in_is_added_is_no_region_and_a_monitor_allows_it(instance, member, target, run_command):
    page = member.page
    page.goto(instance.url + "/regions")
    page.get_by_role("button", name="Add a stand-in").click()
    command = page.locator("#once").inner_text()
    assert "--region '*' " in command and "--data ./martlet-stand-in" in command
    assert page.get_by_role("heading", name="Start a worker for the stand-ins").is_visible()
    worker = run_command(command)
    page.locator("tbody", has_text="Stand-ins").get_by_text("1 of 1 worker healthy").wait_for(timeout=25_000)
    assert page.get_by_role("button", name="Add a stand-in").count() == 0

    page.goto(instance.url + "/monitors/new")
    page.fill("[name=url]", target().url)
    page.locator("details:has([name=region]) > summary").click()
    assert page.locator("[name=region][value='*']").count() == 0, "it is no region to choose"
    box = page.get_by_label("Let another place look meanwhile")
    assert not box.is_checked()
    box.check()
    page.click("button[value=save]")
    page.wait_for_url("**/monitors/mon_*")
    monitor = instance.reader.read("monitors/" + page.url.rsplit("/", 1)[1].split("?")[0] + "/")
    assert monitor["allow_stand_in"] is True
    page.goto(f"{instance.url}/monitors/{monitor['id']}/edit")
    page.locator("details:has([name=region]) > summary").click()
    assert page.get_by_label("Let another place look meanwhile").is_checked()
    assert faults(member, f"{instance.url}/regions") == []
    worker.terminate()
    assert worker.wait(20) == 0


def test_a_wrong_name_stands_beside_its_field(instance, member):
    page = member.page
    page.goto(instance.url + "/regions")
    page.fill("[name=name]", "Frankfurt")
    page.get_by_role("button", name="Add region").click()
    assert "lower-case" in page.locator("#name-e").inner_text()
    assert page.input_value("[name=name]") == "Frankfurt"
    assert page.get_attribute("[name=name]", "aria-invalid") == "true"
    complaints = [one for one in member.complaints if "422" not in one]
    assert complaints == []


@pytest.mark.timeout(120)
def test_what_is_shown_on_the_way_is_accessible(instance, browser):
    watched = signed_in(browser, instance)
    page = watched.page
    page.goto(instance.url + "/regions")
    page.fill("[name=name]", "syd")
    page.get_by_role("button", name="Add region").click()
    page.locator("#once").wait_for()
    made = page.content()
    assert "mr_" in made
    watched.complaints.clear()
    assert faults(watched, instance.url + "/regions") == []
    watched.close()


def test_the_evidence_of_an_incident_is_kept_by_region(instance, browser, target, run_command):
    made = instance.owner.create("regions/", name="iad")
    token = instance.owner.create(f"regions/{made['id']}/tokens/")
    run_command(token["command"])
    wait_for_state(instance, "iad", "healthy", 20)
    broken = target("failing")
    monitor = instance.write.monitor(broken.url, regions=["local", "iad"], name="Search", attempts=1, quorum=2)
    incident = eventually(
        lambda: next(
            (i for i in instance.reader.read("incidents/")["results"] if monitor["id"] in i["monitor_ids"]), None
        ),
        30,
        what="an incident",
    )
    watched = signed_in(browser, instance)
    page = watched.page
    page.goto(f"{instance.url}/incidents/{incident['id']}")
    evidence = page.locator("#evidence")
    for region in ("local", "iad"):
        fold = evidence.locator("details.fold", has_text=region)
        fold.wait_for()
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        text = fold.inner_text()
        assert "127.0.0.1" in text and "HTTP 500" in text, text
        assert "First" in text or "Last failure" in text, text
        assert "broken" in fold.locator("pre").inner_text()
    assert faults(watched, f"{instance.url}/incidents/{incident['id']}") == []
    watched.close()


def test_strangers_get_nothing(instance):
    assert httpx.get(instance.url + "/regions").status_code in (200, 303)
    assert httpx.get(instance.url + "/api/v1/regions/").status_code == 401
    for key in (instance.write, instance.reader):
        assert key.post("regions/", json={"name": "x"}).status_code == 403
