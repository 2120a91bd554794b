"""The command line: exit codes, JSON, help, and the demo."""

import json

import pytest

from support.process import Martlet, run
from support.targets import free_port
from support.waiting import eventually


def test_check_answers_by_its_exit_code(target):
    assert run("check", target().url).returncode == 0
    assert run("check", target("failing").url).returncode == 3
    assert run("check", f"http://127.0.0.1:{free_port()}/").returncode == 3
    assert run("check", target("slow", delay=0.3).url, "--degraded-after", "100").returncode == 4
    for wrong in ([], ["ftp://x.test/"], ["http://x.test/", "http://y.test/"], ["--unheard-of", "http://x.test/"]):
        answer = run("check", *wrong)
        assert answer.returncode == 2, wrong
        assert answer.stderr.strip() and not answer.stdout.strip()


def test_check_prints_json_that_says_where_the_time_went(target):
    up = json.loads(run("check", target().url, "--json").stdout)
    assert up["status"] == "up" and up["http_status"] == 200 and up["failure"] is None
    assert up["timing"]["total_us"] > 0 and up["timing"]["tls_us"] is None
    down = json.loads(run("check", f"http://127.0.0.1:{free_port()}/", "--json").stdout)
    assert down["status"] == "down" and down["failure"]["reason"] == "connect_refused"


def test_check_draws_no_colors_when_nobody_looks(target):
    drawn = run("check", target().url)
    assert "\x1b" not in drawn.stdout and "200" in drawn.stdout


def test_a_certificate_of_an_unknown_authority_is_invalid(target, certificates):
    url = target(tls=certificates.context("127.0.0.1")).url
    refused = json.loads(run("check", url, "--json").stdout)
    assert refused["status"] == "down" and refused["failure"]["reason"] == "tls_certificate_invalid"
    accepted = json.loads(run("check", url, "--json", "--insecure").stdout)
    assert accepted["status"] == "up" and accepted["timing"]["tls_us"] > 0
    assert accepted["certificate"]["issuer"]


def test_every_command_has_help_and_the_version_is_one_line():
    overview = run("--help")
    assert overview.returncode == 0
    for command in ("serve", "check", "demo", "migrate", "version", "gallery"):
        assert command in overview.stdout
        assert run(command, "--help").returncode == 0, command
    version = run("version")
    assert version.returncode == 0 and len(version.stdout.strip().splitlines()) == 1
    assert run("no-such-command").returncode == 2


def test_settings_come_from_the_environment_too():
    answer = run("serve", env={"MARTLET_LISTEN": "nonsense"})
    assert answer.returncode == 2 and "listen" in answer.stderr


def test_migrate_makes_the_schema_and_is_harmless_twice(tmp_path):
    folder = str(tmp_path / "data")
    assert run("migrate", "--data", folder).returncode == 0
    again = run("migrate", "--data", folder)
    assert again.returncode == 0


def test_gallery_draws_every_page(tmp_path):
    assert run("gallery", str(tmp_path / "pages")).returncode == 0
    assert len(list((tmp_path / "pages").rglob("*.html"))) >= 20


def test_a_demo_leaves_nothing_behind_even_when_it_cannot_start(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    demo = Martlet(tmp_path, command="demo").start()
    try:
        own = list(tmp_path.iterdir())
        assert len(own) == 1 and own[0].name.startswith("martlet-demo-")
        refused = run("demo", "--listen", f"127.0.0.1:{demo.port}")
        assert refused.returncode != 0 and refused.stderr.strip()
        assert list(tmp_path.iterdir()) == own
    finally:
        code = demo.stop()
    assert code == 0 and list(tmp_path.iterdir()) == []


def test_the_demo_shows_every_state(tmp_path):
    demo = Martlet(tmp_path, command="demo").start()
    try:
        import httpx

        def page():
            links = [word for line in demo.lines for word in line.split() if "/status/" in word]
            return httpx.get(links[0]).text if links else ""

        eventually(page, 20, what="a link to the public page")
        eventually(lambda: 'class="open-inc' in page(), 60, every=0.5, what="an open incident on the demo's page")
        eventually(lambda: "st-up" in page() and "st-degraded" in page(), 60, every=0.5, what="healthy and slow")
    finally:
        code = demo.stop()
    assert code == 0


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_serve_ends_well_when_asked(serve, signal_name):
    import signal

    martlet = serve()
    martlet.signal(getattr(signal, signal_name))
    assert martlet.process.wait(20) == 0
