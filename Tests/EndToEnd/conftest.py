"""What the end-to-end tests stand on: real processes, local targets, sinks; everything stopped by whoever started it."""

import functools
import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.api import Client, first_account, key_of  # noqa: E402
from support.process import BINARY, Martlet  # noqa: E402
from support.targets import Certificates, Recorder, Target  # noqa: E402
from support.workers import CLUSTER_TOKEN, WorkerProcess  # noqa: E402


# What runs here asks nobody outside; a test that needs root servers brings its own.
os.environ["MARTLET_ROOT_SERVERS"] = "none"


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: run swift build, or set MARTLET_BIN", returncode=3)


@pytest.fixture
def serve(tmp_path):
    """Starts `martlet serve` with its own folder; everything started is gone after the test."""
    started: list[Martlet] = []

    def start(*arguments: str, folder: Path | None = None, **options) -> Martlet:
        martlet = Martlet(folder or tmp_path / f"data{len(started)}", *arguments, **options)
        started.append(martlet)
        return martlet.start()

    yield start
    for martlet in started:
        martlet.kill()


class Instance:
    """A served installation with its first account."""

    def __init__(self, martlet: Martlet):
        self.martlet = martlet
        self.url = martlet.url
        self.owner: Client = first_account(martlet)
        self.write: Client = key_of(self.owner, "write")
        self.reader: Client = key_of(self.owner, "read")

    @functools.cached_property
    def slug(self) -> str:
        """The public page that came with the organization."""
        return self.owner.read("status-pages/")["results"][0]["slug"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """One installation for the tests of a file; each test makes what it needs in it."""
    martlet = Martlet(tmp_path_factory.mktemp("data") / "data", "--signup", "open").start()
    yield Instance(martlet)
    code = martlet.stop()
    assert code == 0, martlet.output


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("token") / "cluster-token"
    path.write_text(CLUSTER_TOKEN + "\n")
    return path


@pytest.fixture(scope="module")
def plane(tmp_path_factory, token_file):
    """A control plane that lets workers in."""
    martlet = Martlet(tmp_path_factory.mktemp("plane") / "data", "--cluster-token-file", str(token_file)).start()
    yield Instance(martlet)
    code = martlet.stop()
    assert code == 0, martlet.output


@pytest.fixture
def worker(tmp_path, token_file):
    """Starts workers; all are gone after the test."""
    started: list[WorkerProcess] = []

    def start(url: str, region: str, *arguments: str, **options) -> WorkerProcess:
        made = WorkerProcess(tmp_path / f"w{len(started)}", url, region, *arguments, token_file=token_file, **options)
        started.append(made)
        return made.start()

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def region(request):
    """A region of the test's own."""
    return "r-" + request.node.name.replace("test_", "").replace("_", "-")[:50].rstrip("-")


@pytest.fixture
def target():
    """Makes local targets: `target("failing")`."""
    made: list[Target] = []

    def make(mode: str = "healthy", **options) -> Target:
        made.append(Target(mode, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def webhooks():
    recorder = Recorder()
    yield recorder
    recorder.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def browser():
    """Debian's own Chromium, driven by Playwright."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not path:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
