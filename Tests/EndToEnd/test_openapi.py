"""The served description is valid and true."""

import os
import re
import subprocess
import sys

from openapi_spec_validator import validate

# Long enough to go through every operation's examples, coverage and fuzzing; scripts/soak gives it more.
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "100"))


def test_the_document_is_valid(instance):
    document = instance.reader.read("openapi.json")
    assert document["openapi"].startswith("3.1")
    validate(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and method != "parameters":
                assert operation.get("operationId"), f"{method} {path}"
                assert operation["responses"], f"{method} {path}"


def test_schemathesis_finds_no_server_error_and_no_schema_violation(instance):
    key = instance.write.key
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{instance.url}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {key}",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--exclude-path-regex", "auth/(signup|login|reset)|invitations/accept",
        "--max-time", str(SECONDS), "--seed", "20", "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert re.search(r"(\d+) generated", run.stdout), run.stdout[-2000:]
    assert instance.martlet.running
