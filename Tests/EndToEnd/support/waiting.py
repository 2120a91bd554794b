"""Waiting for something to become true, with a deadline instead of a hopeful sleep."""

import time


def eventually(check, within: float = 10, every: float = 0.05, what: str = ""):
    """Calls `check` until it answers something true, and returns that; fails after `within` seconds."""
    deadline = time.monotonic() + within
    last = None
    while True:
        last = check()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or getattr(check, '__name__', 'condition')}; last: {last!r}")
        time.sleep(every)
