"""The served description is valid and true."""

import os
import re
import subprocess
import sys

import pytest
from openapi_spec_validator import validate

# Both runs together: through every operation's examples, coverage, fuzzing and links. scripts/soak gives it more.
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "120"))


def test_the_document_is_valid(instance):
    document = instance.reader.read("openapi.json")
    assert document["openapi"].startswith("3.1")
    validate(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and method != "parameters":
                assert operation.get("operationId"), f"{method} {path}"
                assert operation["responses"], f"{method} {path}"


# What would end the session, or the account, that the judge speaks with; and what only the printed link or a mail opens.
SPARED = "auth/|invitations/accept|me/password|/sessions/$|/leave/"


@pytest.mark.timeout(SECONDS + 150)
@pytest.mark.parametrize("who", ["the owner's session", "a write key"])
def test_schemathesis_finds_no_server_error_and_no_schema_violation(instance, who, tmp_path):
    headers = {"Authorization": f"Bearer {instance.write.key}"}
    if who == "the owner's session":
        cookies = "; ".join(f"{name}={value}" for name, value in instance.owner.cookies.items())
        headers = {"Cookie": cookies, "Origin": instance.url}
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(f'[parameters]\n"path.slug" = "{instance.slug}"\n')
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run",
        f"{instance.url}/api/v1/openapi.json",
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--exclude-path-regex", SPARED, "--max-time", str(SECONDS // 2), "--seed", "20", "--no-color", "--no-shrink",
        "--continue-on-failure",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120, cwd=tmp_path)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert re.search(r"(\d+) generated", run.stdout), run.stdout[-2000:]
    # The judge sends keys of its own making too, so only what no key may do tells that the session was taken.
    if who == "the owner's session":
        assert "  - GET /api/v1/audit-log/" not in run.stdout, run.stdout[-4000:]
    assert instance.martlet.running
