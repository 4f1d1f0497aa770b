"""Over fifty nights with crashes in between nothing is lost, and nothing is told as two."""

from __future__ import annotations

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
    nights = 50 if url.startswith("sqlite") else 20
    with Sink() as sink:
        sink.refuse_every = 7
        done = subprocess.run(
            [sys.executable, "-m", "tests.alert.nights", url, f"{sink.url}/hook", str(nights), str(SEED)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    killed = int(done.stdout.split()[0])
    bodies = {each.headers["Idempotency-Key"]: each.event for each in sink.received}
    heard = [
        (event["event"], event["finding"]["fingerprint"], (datetime.fromisoformat(event["at"]) - at(0)).days)
        for event in bodies.values()
    ]
    assert len(heard) == len(set(heard)), "told twice, with two keys"
    assert set(heard) == expected(nights, SEED)
    repeated = len(sink.received) - len(bodies)
    assert repeated > 0, "nobody died between sending and noting it: this says nothing"
    assert repeated <= killed, "more repetitions than deaths"
    assert len({each.body for each in sink.received}) == len(bodies), "a repetition that is not the same"
