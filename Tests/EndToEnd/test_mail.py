"""Mail over SMTP, taken by a server nobody here wrote."""

import email
import email.policy
import sqlite3

import pytest
from aiosmtpd.controller import Controller

from support.api import Client, first_account
from support.targets import free_port
from support.waiting import eventually


class Postbox:
    def __init__(self):
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []
        self.refuse_next = 0

    async def handle_DATA(self, _, __, envelope):
        if self.refuse_next > 0:
            self.refuse_next -= 1
            return "451 try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((list(envelope.rcpt_tos), message))
        return "250 taken"


@pytest.fixture
def postbox():
    box = Postbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}?starttls=never"
    yield box
    controller.stop()


def test_an_outage_and_its_end_are_mailed_once_each(serve, target, postbox):
    martlet = serve("--smtp-url", postbox.url, "--mail-from", "martlet@example.org")
    owner = first_account(martlet)
    owner.create("channels/", name="Mail", type="email", settings={"to": ["oncall@example.org"]})
    broken = target("failing")
    monitor = owner.monitor(broken.url, attempts=1, name="Naïve café")
    eventually(lambda: postbox.mails, 20, what="the mail of the outage")
    recipients, message = postbox.mails[0]
    assert recipients == ["oncall@example.org"]
    assert message["From"] and message["To"] and message["Date"] and message["Message-ID"]
    text = message.get_body(("plain",)).get_content()
    assert monitor["url"] in text and "caf" in str(message["Subject"])
    broken.mode = "healthy"
    eventually(lambda: len(postbox.mails) == 2, 30, what="the mail of the recovery")
    assert len({m["Message-ID"] for _, m in postbox.mails}) == 2


def test_a_line_end_makes_no_header(serve, target, postbox):
    martlet = serve("--smtp-url", postbox.url, "--mail-from", "martlet@example.org")
    owner = first_account(martlet)
    broken = target()
    # Short and plain, so that the subject is not encoded, which would hide what this looks for.
    name = "S\r\nBcc: x@y.org"
    body = {"name": name, "type": "http", "url": broken.url}
    assert owner.post("monitors/", json=body).status_code == 422
    mail = {"name": "Mail", "type": "email", "settings": {"to": ["oncall@example.org\r\nBcc: x@example.org"]}}
    assert owner.post("channels/", json=mail).status_code == 422
    # What got into the database all the same, by an import or an older version, stays within its own header.
    owner.create("channels/", name="Mail", type="email", settings={"to": ["oncall@example.org"]})
    monitor = owner.monitor(broken.url, attempts=1)
    listen = f"127.0.0.1:{martlet.port}"
    assert martlet.stop() == 0
    with sqlite3.connect(martlet.folder / "martlet.db") as db:
        changed = db.execute("UPDATE monitor SET name = ? WHERE public_id = ?", (name, monitor["id"]))
        assert changed.rowcount == 1
    db.close()
    broken.mode = "failing"
    martlet.start(listen)
    eventually(lambda: postbox.mails, 30, what="the mail of the outage")
    recipients, message = postbox.mails[0]
    assert recipients == ["oncall@example.org"]
    assert {header.lower() for header in message.keys()} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
    }
    assert message["Subject"].split() == ["Down:", "S", "Bcc:", "x@y.org"]


def test_a_mail_that_is_put_off_is_sent_later(serve, postbox):
    martlet = serve("--smtp-url", postbox.url)
    owner = first_account(martlet)
    postbox.refuse_next = 1
    channel = owner.create("channels/", name="Mail", type="email", settings={"to": ["oncall@example.org"]})
    owner.request("POST", f"channels/{channel['id']}/test/")
    service = owner.create("services/", name="S", description="")
    owner.create("incidents/", title="By hand", service_id=service["id"], to_state="major")
    owner.request("POST", f"channels/{channel['id']}/test/")
    eventually(lambda: postbox.mails, 60, what="a mail after the refusal")


def test_a_password_is_reset_by_mail(serve, postbox):
    martlet = serve("--smtp-url", postbox.url)
    owner = first_account(martlet)
    nobody = Client(martlet.url)
    known = nobody.post("auth/reset/", json={"email": owner.me["email"]})
    unknown = nobody.post("auth/reset/", json={"email": "nobody@example.org"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    eventually(lambda: postbox.mails, 15, what="the mail with the link")
    text = postbox.mails[0][1].get_body(("plain",)).get_content()
    token = text.split("token=", 1)[1].split()[0]
    nobody.ok("POST", "auth/reset/confirm/", 204, json={"token": token, "password": "another long password of mine"})
    assert owner.get("me/").status_code == 401
    assert nobody.post("auth/reset/confirm/", json={"token": token, "password": "x" * 20}).status_code == 410
    assert len(postbox.mails) == 1
