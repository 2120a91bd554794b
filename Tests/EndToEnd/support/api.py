"""A client of the API that keeps to the conventions, and the first steps that most tests need."""

import itertools
from urllib.parse import parse_qs, urlparse

import httpx

from .waiting import eventually

PASSWORD = "a martlet never lands, it rests on the wing"
_numbers = itertools.count(1)


class Client(httpx.Client):
    """Speaks to `/api/v1`; `session` clients carry a cookie and an Origin, `key` clients a bearer key."""

    def __init__(self, url: str, key: str | None = None):
        headers = {"Authorization": f"Bearer {key}"} if key else {"Origin": url}
        super().__init__(base_url=f"{url}/api/v1/", headers=headers, timeout=30)
        self.root = url
        self.key = key
        self.me: dict = {}

    def ok(self, method: str, path: str, expect: int | tuple = (200, 201, 202, 204), **arguments):
        """Sends and returns the parsed answer, or fails with what the server said."""
        answer = self.request(method, path, **arguments)
        wanted = expect if isinstance(expect, tuple) else (expect,)
        assert answer.status_code in wanted, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None

    def read(self, path: str, **query):
        return self.ok("GET", path, 200, params=query or None)

    def create(self, path: str, **body):
        return self.ok("POST", path, 201, json=body)

    def everything(self, path: str, **query) -> list[dict]:
        """Every row of a paged list."""
        rows: list[dict] = []
        for page in itertools.count(1):
            answer = self.read(path, page=page, rows=100, **query)
            rows += answer["results"]
            if len(rows) >= answer["total"] or not answer["results"]:
                return rows

    def monitor(self, url: str, **over) -> dict:
        body = {"name": f"Monitor {next(_numbers)}", "type": "http", "url": url, "interval_s": 5, "timeout_ms": 2000}
        return self.create("monitors/", **{**body, **over})


def setup_token(setup_url: str) -> str:
    return parse_qs(urlparse(setup_url).query)["token"][0]


def _address(name: str) -> str:
    return f"{''.join(c for c in name.lower() if c.isalnum())}{next(_numbers)}@example.org"


def sign_up(url: str, name: str = "Ada", organization: str = "Harbourline", token: str | None = None) -> Client:
    """A new account with its organization, as a logged-in client."""
    client = Client(url)
    body = {
        "email": _address(name),
        "password": PASSWORD,
        "name": name,
        "organization": organization,
    }
    if token:
        body["setup_token"] = token
    client.me = client.create("auth/signup/", **body)
    client.me["email"] = body["email"]
    return client


def first_account(martlet) -> Client:
    eventually(lambda: martlet.setup_url, 5, what="the printed link")
    return sign_up(martlet.url, token=setup_token(martlet.setup_url))


def key_of(owner: Client, scope: str = "write") -> Client:
    """A client with a fresh API key of the owner's organization."""
    made = owner.create("api-keys/", name=f"key {next(_numbers)}", scope=scope)
    client = Client(owner.root, made["key"])
    client.me = made
    return client


def invited(owner: Client, role: str, name: str = "Grace") -> Client:
    """A new member of the owner's organization, logged in."""
    invitation = owner.create("invitations/", email=_address(name), role=role)
    token = parse_qs(urlparse(invitation["link"]).query)["token"][0]
    client = Client(owner.root)
    body = {"token": token, "name": name, "password": PASSWORD}
    client.me = client.ok("POST", "invitations/accept/", 200, json=body)
    return client
