"""Over fifty nights with crashes in between nothing is lost, and nothing is told as two."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from tests.alert.nights import expected
from tests.alert.sink import Sink
from tests.history.conftest import cluster as cluster  # the fixtures
from tests.history.conftest import url as url
from tests.history.sample import at

ROOT = Path(__file__).parent.parent.parent
SEED = 20261123


def test_fifty_nights_with_crashes_in_between(url: str) -> None:
    with Sink() as sink:
        sink.refuse_every = 7
        done = subprocess.run(
            [sys.executable, "-m", "tests.alert.nights", url, f"{sink.url}/hook", str(SEED)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    killed, before = map(int, re.findall(r"\d+", done.stdout))
    assert killed > 10, "the kills come too late to say anything"
    assert before < killed, "the kills come too early to say anything"
    bodies = {each.headers["Idempotency-Key"]: each.event for each in sink.received}
    heard = [
        (event["event"], event["finding"]["fingerprint"], (datetime.fromisoformat(event["at"]) - at(0)).days)
        for event in bodies.values()
    ]
    assert len(heard) == len(set(heard)), "told twice, with two keys"
    assert set(heard) == expected(SEED)
    assert len(sink.received) - len(bodies) <= killed, "more repetitions than deaths"
    assert len({each.body for each in sink.received}) == len(bodies), "a repetition that is not the same"
