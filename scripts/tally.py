#!/usr/bin/env python3
"""Adds up JUnit reports: names each skipped test, prints `N passed, N failed`, exits 1 unless nothing failed.

Usage: tally.py PASSED FAILED REPORT.xml...   (the first two count what has no report)
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def outcomes(report: Path):
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            yield "failed", name, ""
        elif skipped is not None:
            yield "skipped", name, skipped.get("message") or ""
        else:
            yield "passed", name, ""


def main(arguments: list[str]) -> int:
    count = {"passed": int(arguments[0]), "failed": int(arguments[1]), "skipped": 0}
    for report in map(Path, arguments[2:]):
        if not report.exists():
            continue
        for outcome, name, why in outcomes(report):
            count[outcome] += 1
            if outcome != "passed":
                print(f"{outcome}: {name}{': ' if why else ''}{why}")
    line = f"{count['passed']} passed, {count['failed']} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    print(line)
    return 0 if count["failed"] == 0 and count["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
