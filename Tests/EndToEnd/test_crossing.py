"""No byte of one organization reaches another: every route of the OpenAPI document, with every id of the other tenant."""

import itertools
import re

import pytest

from support.api import invited, key_of, sign_up
from support.steps import webhook_channel
from support.workers import ByHand

ABSENT = "0" * 24
METHODS = ("get", "post", "patch", "put", "delete")


def walk_ids(value, found: set[str]):
    if isinstance(value, dict):
        for inner in value.values():
            walk_ids(inner, found)
    elif isinstance(value, list):
        for inner in value:
            walk_ids(inner, found)
    elif isinstance(value, str) and re.fullmatch(r"(mon|org|svc|inc|mnt|pag|wrk|usr|key|chn|cha|ntf|not|inv|ses|run|aud|[a-z]{3})_[a-z0-9]{16,}", value):
        found.add(value)


@pytest.fixture(scope="module")
def victim(instance):
    """A second organization with one of everything, and all of its ids."""
    owner = sign_up(instance.url, name="Mallory's victim", organization="Otherside")
    write = key_of(owner)
    monitor = write.monitor("http://otherside.test/", enabled=False, name="SECRET-monitor")
    service = write.create("services/", name="SECRET-service", description="SECRET", monitors=[monitor["id"]])
    write.create("incidents/", title="SECRET-incident", service_id=service["id"], to_state="degraded")
    channel, _ = webhook_channel(write, "http://otherside.test/hook", name="SECRET-channel")
    write.request("POST", f"channels/{channel['id']}/test/")
    invited(owner, "member", name="SECRET-member")
    owner.create("invitations/", email="secret-invitation@example.org", role="member")
    region = owner.create("regions/", name="secret-region")
    token = owner.create(f"regions/{region['id']}/tokens/")
    worker = ByHand(instance.url, "secret-region", token["token"])
    worker.jobs()
    ids: set[str] = set()
    walk_ids([one for one in owner.read("regions/")["results"] if one["is_private"]], ids)
    ids.add(token["id"])
    assert worker.id in ids
    for path in (
        "me/", "organization/", "sessions/", "api-keys/", "members/", "invitations/", "monitors/", "services/",
        "incidents/", "status-pages/", "channels/", "notifications/", "audit-log/",
    ):  # fmt: skip
        walk_ids(owner.read(path), ids)
    kinds = {one.split("_")[0] for one in ids}
    assert {"mon", "svc", "inc", "usr", "org", "key", "pag", "reg", "wrk", "rtk"} <= kinds, kinds
    return owner, write, sorted(ids)


def operations(document) -> list[tuple[str, str, dict]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def body_of(document, operation) -> dict | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    if "example" in content:
        return content["example"]
    if content.get("examples"):
        return next(iter(content["examples"].values()))["value"]
    return {}


def test_every_route_with_every_id_of_the_other_tenant_answers_as_if_it_were_absent(instance, victim):
    _, victims_key, ids = victim
    before = snapshot(victim)
    document = instance.reader.read("openapi.json")
    probed = 0
    clients = {"owner": instance.owner, "write": instance.write, "read": instance.reader}
    for method, path, operation in operations(document):
        names = re.findall(r"{(\w+)}", path)
        if not names or names == ["slug"]:
            continue
        body = body_of(document, operation)
        base = "" if path.startswith("/api/v1") else "/api/v1"
        for who, client in clients.items():
            for foreign in ids:
                absent = foreign.split("_")[0] + "_" + ABSENT + foreign.split("_")[1][len(ABSENT):]
                pair = []
                for value in (foreign, absent):
                    target = instance.url + base + re.sub(r"{\w+}", value, path)
                    arguments = {} if body is None else {"json": body}
                    pair.append(client.request(method.upper(), target, **arguments))
                one, other = pair
                assert one.status_code == other.status_code, f"{who} {method} {path} {foreign}: {one.text}"
                assert one.status_code in (401, 403, 404, 405, 422), f"{who} {method} {path} {foreign}: {one.text}"
                assert one.content == other.content, f"{who} {method} {path} {foreign}"
                probed += 1
    assert probed > 300
    assert snapshot(victim) == before, "nothing of the other tenant changed"


def snapshot(victim) -> list:
    owner, write, _ = victim
    paths = ("monitors/", "services/", "incidents/", "status-pages/", "channels/", "members/", "invitations/")
    regions = [(one["id"], [w["id"] for w in one["workers"]]) for one in owner.read("regions/")["results"]]
    return [regions, *(owner.read(path)["results"] for path in paths)]


def test_no_list_answers_with_anything_of_the_other_tenant(instance, victim):
    _, _, ids = victim
    document = instance.reader.read("openapi.json")
    for method, path, _ in operations(document):
        if method != "get" or "{" in path or path.endswith("openapi.json"):
            continue
        base = "" if path.startswith("/api/v1") else "/api/v1"
        for client in (instance.owner, instance.reader):
            text = client.get(instance.url + base + path).text
            assert "SECRET" not in text and "secret-region" not in text, path
            assert not [one for one in ids if one in text], path


def test_references_to_the_other_tenant_inside_a_body_are_refused(instance, victim):
    _, _, ids = victim
    foreign = {one.split("_")[0]: one for one in ids}
    for path, body in (
        ("services/", {"name": "x", "description": "", "monitors": [foreign["mon"]]}),
        ("incidents/", {"title": "x", "service_id": foreign["svc"], "to_state": "degraded"}),
    ):
        answer = instance.write.post(path, json=body)
        assert answer.status_code in (404, 422), f"{path}: {answer.text}"
        assert "SECRET" not in answer.text
    page = instance.write.read("status-pages/")["results"][0]
    answer = instance.write.patch(f"status-pages/{page['id']}/", json={"services": [foreign["svc"]]})
    assert answer.status_code in (404, 422)


def test_the_pages_of_the_other_tenant_are_not_found(instance, victim):
    _, _, ids = victim
    text = instance.owner.get(instance.url + "/regions").text
    assert "secret-region" not in text and not [one for one in ids if one in text]
    places = {"mon": ["/monitors/{}", "/monitors/{}/edit"], "inc": ["/incidents/{}"], "svc": ["/services/{}"]}
    for one in ids:
        for place in places.get(one.split("_")[0], []):
            mine = instance.owner.get(instance.url + place.format(one))
            none = instance.owner.get(instance.url + place.format(one.split("_")[0] + "_" + ABSENT))
            assert mine.status_code == 404 and none.status_code == 404, place
            assert mine.text.replace(one, "ID") == none.text.replace(one.split("_")[0] + "_" + ABSENT, "ID")
