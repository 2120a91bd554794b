"""Every page as people meet it: axe, both colour schemes, two widths, keyboard, without JavaScript, CSP, weight."""

import gzip
import re

import httpx
import pytest

from support.pages import Watched, axe_findings, faults, html_errors, scrolls_sideways
from support.process import run
from support.steps import finished, webhook_channel
from support.targets import Folder, Target
from support.waiting import eventually


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    made = run("gallery", str(folder))
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def lived_in(instance, tmp_path_factory):
    """The module's instance with something on every page; answers the paths of its pages."""
    healthy, broken = Target(), Target("failing")
    monitor = instance.write.monitor(healthy.url, name="Checkout", tags=["shop"])
    down = instance.write.monitor(broken.url, name="Search", attempts=1)
    service = instance.write.create(
        "services/", name="Shop", description="What customers buy with", monitors=[monitor["id"], down["id"]]
    )
    page = instance.write.read("status-pages/")["results"][0]
    instance.write.ok("PATCH", f"status-pages/{page['id']}/", 200, json={"services": [service["id"]]})
    webhook_channel(instance.write, healthy.url)
    eventually(lambda: finished(instance.write, monitor), 10)
    incident = eventually(lambda: instance.write.read("incidents/")["results"], 15)[0]
    yield {
        "member": [
            "/", "/monitors", "/monitors/new", f"/monitors/{monitor['id']}", f"/monitors/{monitor['id']}/edit",
            f"/monitors/{down['id']}", "/incidents", "/incidents/new", f"/incidents/{incident['id']}", "/services",
            f"/services/{service['id']}", "/status-pages", "/regions", "/settings/organization", "/settings/members",
            "/settings/channels", "/settings/notifications", "/settings/api-keys", "/settings/account",
            "/settings/sessions", "/settings/audit-log",
        ],
        "public": [
            "/login", "/signup", f"/status/{instance.slug}", f"/status/{instance.slug}/history",
            f"/status/{instance.slug}/incidents/{incident['id']}",
        ],
    }  # fmt: skip
    healthy.stop()
    broken.stop()


@pytest.fixture
def member(browser, instance):
    """A browser that is logged in as the owner."""
    watched = Watched(browser)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": instance.url} for c in instance.owner.cookies.jar]
    )
    yield watched
    watched.close()


@pytest.mark.timeout(600)
def test_every_page_of_the_gallery_is_accessible_in_light_and_dark_and_narrow(browser, gallery):
    files = sorted(gallery.rglob("*.html"))
    assert len(files) >= 20
    watched, served = Watched(browser), Folder(gallery)
    found: list[str] = []
    for file in files:
        found += faults(watched, f"{served.url}/{file.relative_to(gallery)}", alone=True)
        found += [f"{file.name}: {one}" for one in html_errors(file.read_text())]
    watched.close()
    served.stop()
    assert not found, "\n".join(found[:60])


@pytest.mark.timeout(600)
def test_every_page_of_a_lived_in_installation_holds(instance, lived_in, member, browser):
    found: list[str] = []
    nobody = Watched(browser)
    for watched, paths in ((member, lived_in["member"]), (nobody, lived_in["public"])):
        for path in paths:
            found += faults(watched, instance.url + path)
    nobody.close()
    assert not found, "\n".join(found[:60])


def test_the_html_is_well_formed_and_carries_a_strict_policy(instance, lived_in):
    for path in lived_in["member"] + lived_in["public"]:
        answer = instance.owner.get(instance.url + path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert html_errors(answer.text) == [], path
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
        assert "frame-ancestors" in policy and ("default-src 'none'" in policy or "default-src 'self'" in policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_an_unknown_path_is_a_404_that_looks_like_ours(instance, browser):
    answer = httpx.get(instance.url + "/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
    watched = Watched(browser)
    watched.page.goto(instance.url + "/no-such-page")
    assert axe_findings(watched.page) == []
    watched.close()


def tab_to(page, selector: str, most: int = 80):
    """Presses Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "() => { const e = document.activeElement; if (!e || e === document.body) return true;"
            " const s = getComputedStyle(e); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }"
        )
        assert outline, f"focus is invisible on {page.evaluate('document.activeElement.outerHTML')[:200]}"
    raise AssertionError(f"{selector} is not reached by Tab")


def test_a_monitor_is_made_by_keyboard_alone(instance, lived_in, member, target):
    page = member.page
    page.goto(instance.url + "/monitors")
    tab_to(page, "a[href='/monitors/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/monitors/new")
    tab_to(page, "input[name=url]")
    page.keyboard.type(target().url)
    tab_to(page, "button[value=save]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/monitors/mon_"))


def test_the_public_page_works_without_javascript(instance, lived_in, browser):
    watched = Watched(browser, java_script_enabled=False)
    page = watched.page
    page.goto(f"{instance.url}/status/{instance.slug}")
    assert page.locator("#page-state").inner_text().strip()
    assert page.locator("#svcs li").count() == 1
    page.locator("#open-incidents a").first.click()
    assert "/incidents/inc_" in page.url
    watched.close()


def test_a_monitor_is_made_without_javascript(instance, browser, target):
    watched = Watched(browser, java_script_enabled=False)
    watched.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": instance.url} for c in instance.owner.cookies.jar]
    )
    page = watched.page
    page.goto(instance.url + "/monitors/new")
    page.fill("[name=url]", target().url)
    page.click("button[value=save]")
    assert "/monitors/mon_" in page.url
    watched.close()


def test_the_public_page_is_light_and_sets_no_cookie(instance, lived_in):
    with httpx.Client(base_url=instance.url, headers={"accept-encoding": "identity"}) as client:
        answer = client.get(f"/status/{instance.slug}")
        assert "set-cookie" not in answer.headers
        weight = len(gzip.compress(answer.content))
        loaded = set(re.findall(r'(?:href|src)="(/assets/[^"]+\.(?:css|js))"', answer.text))
        assert loaded, "the page loads its stylesheet"
        for path in loaded:
            weight += len(gzip.compress(client.get(path).content))
        assert weight <= 25_000, weight
        again = client.get(f"/status/{instance.slug}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


def test_feed_and_badge_are_what_they_claim(instance, lived_in):
    import xml.etree.ElementTree as ET

    import feedparser

    feed = httpx.get(f"{instance.url}/status/{instance.slug}/feed.atom")
    parsed = feedparser.parse(feed.content)
    assert not parsed.bozo and parsed.entries, parsed.get("bozo_exception")
    badge = httpx.get(f"{instance.url}/status/{instance.slug}/badge.svg")
    assert badge.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(badge.text).tag.endswith("svg")


def test_printing_and_reduced_motion_do_not_break_it(instance, lived_in, browser):
    watched = Watched(browser, reduced_motion="reduce")
    watched.page.goto(f"{instance.url}/status/{instance.slug}")
    watched.page.emulate_media(media="print")
    assert not scrolls_sideways(watched.page)
    moving = watched.page.evaluate("document.getAnimations().filter(a => a.playState === 'running').length")
    assert moving == 0
    watched.close()
