"""Martlet's own accounts: when due times stay without a result and without a reason, its operator hears of it, once."""

import sqlite3

import httpx
import pytest
from standardwebhooks import Webhook

from conftest import Instance
from support.steps import finished, webhook_channel
from support.waiting import eventually
from support.workers import QUICK

pytestmark = pytest.mark.fleet

WORDS = "Some checks are not accounted for"


@pytest.mark.timeout(400)
def test_slots_without_an_outcome_are_told_once_and_so_is_their_end(serve, target, webhooks):
    instance = Instance(serve())
    _, secret = webhook_channel(instance.write, webhooks.url)
    monitor = instance.write.monitor(target().url, **QUICK)
    eventually(lambda: finished(instance.reader, monitor), 20, what="a first result")

    def overdue() -> float:
        lines = httpx.get(instance.url + "/metrics", timeout=10).text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("martlet_slots_overdue_seconds "))

    def told() -> list[str]:
        kinds = [Webhook(secret).verify(body, headers)["type"] for headers, body in webhooks.received]
        return [kind for kind in kinds if kind.startswith("slots.")]

    def page() -> str:
        return instance.owner.get(instance.url + "/regions").text

    assert overdue() == 0 and WORDS not in page()
    # Somebody else holds the database: nothing can be written, everything can be read.
    lock = sqlite3.connect(instance.martlet.folder / "martlet.db", isolation_level=None, timeout=20)
    lock.execute("BEGIN IMMEDIATE")
    try:
        eventually(lambda: overdue() > 0, 200, 1, what="slots that are overdue")
        eventually(lambda: WORDS in page(), 20, 1, what="the banner")
        assert told() == [], "nothing could be stored to be sent"
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    eventually(lambda: told() == ["slots.overdue", "slots.accounted"], 60, what="one message each")
    assert overdue() == 0 and WORDS not in page()
    account = instance.reader.read(f"monitors/{monitor['id']}/slots/")["results"]
    assert sum(row["open"] for row in account) <= 6, "what is due just now, and nothing of before"
    assert told() == ["slots.overdue", "slots.accounted"]
