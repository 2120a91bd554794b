"""Steps that several tests take through the API, and what they wait for."""

import base64
import os

from .waiting import eventually


def signing_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def webhook_channel(client, url: str, name: str = "Hook") -> tuple[dict, str]:
    """A webhook channel and the secret that its messages are signed with."""
    secret = signing_secret()
    return client.create("channels/", name=name, type="webhook", settings={"url": url, "secret": secret}), secret


def status_of(client, monitor: dict) -> str:
    return client.read(f"monitors/{monitor['id']}/")["status"]


def wait_for_status(client, monitor: dict, *wanted: str, within: float = 20) -> str:
    return eventually(
        lambda: next((s for s in [status_of(client, monitor)] if s in wanted), None),
        within,
        what=f"{monitor['name']} is {' or '.join(wanted)}",
    )


def results_of(client, monitor: dict, **query) -> list[dict]:
    return client.read(f"monitors/{monitor['id']}/results/", **query)["results"]


def finished(client, monitor: dict) -> list[dict]:
    """Results that a probe measured to the end, newest first."""
    return [row for row in results_of(client, monitor) if row["final"] and row["status"] != "missed"]
