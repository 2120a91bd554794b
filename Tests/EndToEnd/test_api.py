"""The shapes and conventions of the API, as a client sees them."""

import re

import pytest

from support.api import Client, invited, key_of, sign_up
from support.steps import finished
from support.waiting import eventually

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def assert_problem(answer, status: int):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == status
    return body


def test_health_needs_no_login(instance):
    answer = Client(instance.url).get("health/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_a_monitor_has_the_shape_of_the_contract_and_is_measured(instance, target):
    made = instance.write.monitor(target().url, name="Checkout", tags=["shop"])
    assert re.match(r"^mon_[a-z0-9]+$", made["id"])
    for name in ("status_since", "created_at", "updated_at"):
        assert INSTANT.match(made[name]), made[name]
    wanted = {
        "id", "name", "type", "url", "method", "headers", "body", "interval_s", "timeout_ms", "degraded_after_ms",
        "attempts", "regions", "allow_stand_in", "quorum", "recovery_checks", "follow_redirects", "max_redirects", "verify_tls",
        "certificate_warning_days", "ip_family", "tags", "enabled", "assertions", "status", "recovering",
    }  # fmt: skip
    assert wanted <= made.keys(), wanted - made.keys()
    row = eventually(lambda: finished(instance.reader, made), 8, what="a first result")[-1]
    assert row["status"] == "up" and row["http_status"] == 200 and row["failure"] is None
    assert row["trigger"] == "created" and row["slot"] is None and row["region"] == "local"
    assert row["remote_address"] == "127.0.0.1"
    timing = row["timing"]
    assert timing["tls_us"] is None and timing["total_us"] > 0
    phases = [v for k, v in timing.items() if k != "total_us" and v is not None]
    assert sum(phases) <= timing["total_us"] * 1.2 + 2000
    scheduled = eventually(
        lambda: next((r for r in finished(instance.reader, made) if r["trigger"] == "schedule"), None), 12
    )
    assert INSTANT.match(scheduled["slot"]) and scheduled["late_ms"] >= 0
    uptime = instance.reader.read(f"monitors/{made['id']}/uptime/", window="24h")
    assert 0 <= uptime["uptime"] <= 1 and uptime["down_s"] == 0
    metrics = instance.reader.read(f"monitors/{made['id']}/metrics/", window="24h", granularity="1m")
    assert sum(point["n"] for point in metrics["results"]) >= 1


def test_assertions_and_slowness_decide_the_status(instance, target):
    healthy, slow = target(), target("slow", delay=0.4)
    failing = instance.write.monitor(
        healthy.url, attempts=1, assertions=[{"source": "json", "target": "$.status", "comparison": "eq", "value": "no"}]
    )
    degraded = instance.write.monitor(slow.url, degraded_after_ms=100)
    row = eventually(lambda: finished(instance.reader, failing), 10)[-1]
    assert row["status"] == "down" and row["failure"]["reason"] == "assertion"
    row = eventually(lambda: finished(instance.reader, degraded), 10)[-1]
    assert row["status"] == "degraded" and row["timing"]["first_byte_us"] >= 390_000


def test_a_dead_target_is_refused_and_says_so(instance, target):
    gone = target()
    gone.stop()
    monitor = instance.write.monitor(gone.url, attempts=1)
    row = eventually(lambda: finished(instance.reader, monitor), 10)[-1]
    assert row["failure"]["reason"] == "connect_refused" and row["failure"]["phase"] == "connect"


def test_a_check_by_hand_runs_now(instance, target):
    monitor = instance.write.monitor(target().url, interval_s=3600)
    runs = instance.write.ok("POST", f"monitors/{monitor['id']}/check/", 202)["run_ids"]
    assert runs
    row = eventually(
        lambda: next((r for r in finished(instance.reader, monitor) if r["trigger"] == "manual"), None), 8
    )
    assert row["run_id"] in runs


def test_lists_page_and_say_how_much_there_is(instance):
    tag = "paging"
    for number in range(5):
        instance.write.monitor(f"http://paging{number}.test/", enabled=False, tags=[tag], name=f"Page {number}")
    first = instance.reader.read("monitors/", tag=tag, page=1, rows=2, sort="name")
    assert first["total"] == 5 and first["page"] == 1 and first["rows"] == 2 and len(first["results"]) == 2
    last = instance.reader.read("monitors/", tag=tag, page=3, rows=2, sort="name")
    assert [row["name"] for row in last["results"]] == ["Page 4"]
    newest = instance.reader.read("monitors/", tag=tag, sort="created")
    assert sorted(row["name"] for row in newest["results"]) == [f"Page {n}" for n in range(5)]
    assert newest["results"][0]["created_at"] >= newest["results"][-1]["created_at"]
    found = instance.reader.read("monitors/", q="Page 3")
    assert [row["name"] for row in found["results"]] == ["Page 3"]
    for query in ({"rows": 101}, {"page": 0}, {"sort": "settings"}, {"unheard": "of"}):
        assert_problem(instance.reader.get("monitors/", params=query), 422)


def test_a_path_answers_with_and_without_its_last_slash(instance):
    with_slash, without = instance.reader.get("monitors/"), instance.reader.get("monitors")
    assert with_slash.status_code == without.status_code == 200
    assert with_slash.json() == without.json()


def test_bad_input_is_named_by_its_place(instance):
    answer = instance.write.post(
        "monitors/", json={"url": "http://x.test/", "interval_s": 1, "unheard_of": True, "headers": [{"name": 5}]}
    )
    errors = assert_problem(answer, 422)["errors"]
    pointers = {error["pointer"] for error in errors}
    assert {"/interval_s", "/unheard_of"} <= pointers and any(p.startswith("/headers/0") for p in pointers)


@pytest.mark.parametrize(
    "body", [b"{", b'{"url": "http://x.test/",}', b'{"url": 1, "url": 2}', b"\xff\xfe", b"[]", b"null", b"NaN", b""]
)
def test_a_body_that_is_no_json_object_is_refused(instance, body):
    answer = instance.write.post("monitors/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code)


def test_a_deeply_nested_body_is_refused_and_costs_nothing(instance):
    answer = instance.write.post(
        "monitors/", content=b"[" * 100_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422) and answer.elapsed.total_seconds() < 1


def test_nobody_reader_and_member_are_held_to_what_they_may(instance):
    monitor = instance.write.monitor("http://roles.test/", enabled=False)
    path = f"monitors/{monitor['id']}/"
    assert_problem(Client(instance.url).get(path), 401)
    assert_problem(Client(instance.url, "mk_wrong_key").get(path), 401)
    assert instance.reader.get(path).status_code == 200
    assert_problem(instance.reader.patch(path, json={"name": "x"}), 403)
    member, admin = invited(instance.owner, "member"), invited(instance.owner, "admin")
    assert member.get(path).status_code == 200
    assert_problem(member.patch(path, json={"name": "x"}), 403)
    assert_problem(member.get("members/"), 403)
    assert admin.patch(path, json={"name": "By admin"}).status_code == 200
    for closed in ("api-keys/", "members/", "audit-log/"):
        assert_problem(instance.write.get(closed), 403)
        assert admin.get(closed).status_code == 200


def test_a_cookie_write_from_another_origin_is_refused(instance):
    body = {"name": "CSRF", "url": "http://csrf.test/", "enabled": False}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": ""}):
        assert_problem(instance.owner.post("monitors/", json=body, headers=headers), 403)
    assert instance.owner.post("monitors/", json=body).status_code == 201


def test_a_key_is_shown_once_and_dies_when_deleted(instance):
    made = instance.owner.create("api-keys/", name="Once", scope="read")
    client = Client(instance.url, made["key"])
    assert client.get("monitors/").status_code == 200
    listed = next(k for k in instance.owner.everything("api-keys/") if k["id"] == made["id"])
    assert "key" not in listed and made["key"] not in str(listed)
    instance.owner.ok("DELETE", f"api-keys/{made['id']}/", 204)
    assert_problem(client.get("monitors/"), 401)


def test_an_absent_id_and_a_stranger_id_answer_alike(instance):
    stranger = sign_up(instance.url, name="Eve", organization="Elsewhere")
    theirs = key_of(stranger).monitor("http://theirs.test/", enabled=False)
    absent = theirs["id"][:-4] + ("aaaa" if not theirs["id"].endswith("aaaa") else "bbbb")
    for method in ("GET", "PATCH", "DELETE"):
        arguments = {"json": {"name": "x"}} if method == "PATCH" else {}
        one = instance.write.request(method, f"monitors/{theirs['id']}/", **arguments)
        other = instance.write.request(method, f"monitors/{absent}/", **arguments)
        assert one.status_code == other.status_code == 404
        assert one.content == other.content


def test_each_privileged_change_leaves_an_audit_row(instance):
    monitor = instance.write.monitor("http://audit.test/", enabled=False)
    instance.owner.ok("PATCH", f"monitors/{monitor['id']}/", 200, json={"name": "Renamed"})
    instance.owner.ok("DELETE", f"monitors/{monitor['id']}/", 204)
    rows = [r for r in instance.owner.everything("audit-log/") if r["subject_id"] == monitor["id"]]
    assert len(rows) == 3, rows
    assert [r["actor"]["kind"] for r in rows] == ["account", "account", "api_key"], "newest first"
    assert instance.reader.get(f"monitors/{monitor['id']}/").status_code == 404


def test_a_password_change_ends_every_other_session(instance):
    person = sign_up(instance.url, name="Kay", organization="Kay's")
    other = Client(instance.url)
    from support.api import PASSWORD

    other.ok("POST", "auth/login/", 200, json={"email": person.me["email"], "password": PASSWORD})
    assert other.get("me/").status_code == 200
    person.ok(
        "POST", "me/password/", 204, json={"current_password": PASSWORD, "new_password": PASSWORD + " again"}
    )
    assert_problem(other.get("me/"), 401)
    assert person.get("me/").status_code == 200


def test_incidents_by_hand_follow_the_state_rules(instance):
    service = instance.write.create("services/", name="By hand", description="")
    assert service["status"] == "operational" and service["observed"] == "none"
    incident = instance.write.create("incidents/", title="Slow", service_id=service["id"], to_state="degraded")
    assert incident["status"] == "investigating" and incident["cause"] == "manual"
    assert instance.reader.read(f"services/{service['id']}/")["status"] == "degraded"
    path = f"incidents/{incident['id']}/updates/"
    instance.write.ok("POST", path, (200, 201), json={"status": "monitoring", "message": "A fix is out."})
    backwards = instance.write.post(path, json={"status": "identified", "message": "no"})
    assert backwards.status_code in (409, 422)
    instance.write.ok("POST", path, (200, 201), json={"status": "resolved", "message": "Over."})
    assert instance.reader.read(f"services/{service['id']}/")["status"] == "operational"
    assert instance.write.post(path, json={"status": "investigating", "message": "no"}).status_code in (409, 422)


def test_the_public_side_needs_no_login_and_hides_what_is_private(instance):
    nobody = Client(instance.url)
    for part in ("services/", "incidents/", "status/"):
        answer = nobody.get(f"public/{instance.slug}/{part}")
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        assert "mon_" not in answer.text and "http://" not in answer.text.replace(instance.url, "")
    assert_problem(nobody.get("public/no-such-page/status/"), 404)
    status = nobody.read(f"public/{instance.slug}/status/")
    assert {"status", "status_display", "observed", "services_total", "incidents_open", "updated_at"} <= status.keys()
