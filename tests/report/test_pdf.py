"""report.pdf: read by a reader of PDFs; bounded; and a clear word where it cannot be made."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from auditor.errors import UsageError
from auditor.model.finding import Status
from auditor.model.report import Report
from auditor.report import json
from auditor.report.pdf import FINDINGS_LIMIT, WHOLE_LIMIT, bounded, check, left_out, page, render
from auditor.report.presentation import verdict_sentence
from tests.report.sample import sample_report
from tests.report.several import REPORTS


@pytest.fixture(scope="module")
def pango() -> None:
    """WeasyPrint with its libraries. In CI their absence is a failure, elsewhere a skip that says so."""
    try:
        check()
    except UsageError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def large() -> Report:
    """More findings than are printed, most of them passes, the urgent ones last."""
    sample = sample_report()
    passing = next(f for f in sample.findings if f.status is Status.PASS and f.application)
    waived = next(f for f in sample.findings if f.status is Status.WAIVED)
    many = [replace(passing, fingerprint=f"{n:032x}") for n in range(WHOLE_LIMIT)]
    more = [
        replace(waived, fingerprint=f"{n:032x}") for n in range(WHOLE_LIMIT, WHOLE_LIMIT + FINDINGS_LIMIT)
    ]
    return replace(sample, findings=(*many, *more, *sample.findings))


@pytest.mark.usefixtures("pango")
def test_it_says_what_the_page_says() -> None:
    reader = PdfReader(io.BytesIO(render(sample_report())))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert verdict_sentence(sample_report()) in text
    for words in (
        "GoToMeeting",
        "The active certificate expires in 7 days",
        "not evaluated",
        "waived",
        "passes",
    ):
        assert words in text
    assert f"1 of {len(reader.pages)}" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "SAML audit of Contoso, 2026-11-23"


@pytest.mark.usefixtures("pango")
def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(REPORTS["empty"]) == render(REPORTS["empty"])


@pytest.mark.usefixtures("pango")
def test_nothing_hostile_becomes_a_link_or_runs() -> None:
    hostile = REPORTS["hostile"]
    every_text = replace(hostile, findings=hostile.findings[::5])
    reader = PdfReader(io.BytesIO(render(every_text)))
    assert "/OpenAction" not in reader.root_object
    assert "/JavaScript" not in str(reader.root_object.get("/Names"))
    for sheet in reader.pages:
        for annotation in sheet.get("/Annots", ()):
            address = annotation.get_object().get("/A", {}).get("/URI", "")
            assert address == "" or address.startswith("https://learn.microsoft.com/")


def test_a_small_report_is_printed_whole() -> None:
    assert bounded(sample_report()) is sample_report() or bounded(sample_report()) == sample_report()
    assert "left-out" not in page(sample_report())


def test_of_a_large_one_what_matters_is_printed_and_the_rest_counted() -> None:
    told = bounded(large())
    assert len(told.findings) == FINDINGS_LIMIT
    assert all(f.status not in (Status.PASS, Status.NOT_APPLICABLE) for f in told.findings)
    failing = {f.fingerprint for f in sample_report().findings if f.status is Status.FAIL}
    assert failing <= {f.fingerprint for f in told.findings}
    said = left_out(large(), told)
    assert said.startswith(f"This print has {FINDINGS_LIMIT} of {len(large().findings)} findings, ")
    assert said.endswith("report.html and report.json have all of them.")
    text = page(large())
    assert said in text
    assert verdict_sentence(large()) in text


def test_drawings_carry_their_style() -> None:
    text = page(sample_report())
    assert text.count("<style>") == text.count("<svg") + 1
    assert "var(" not in text.split("<svg", 1)[1].split("</style>", 1)[0]


@pytest.mark.parametrize(
    ("missing", "told", "remedy"),
    [
        ("raise ImportError('No module named weasyprint')", "needs WeasyPrint", "pip install"),
        ("raise OSError('cannot load library libpango-1.0-0')", "needs Pango", "apt-get install"),
    ],
    ids=["weasyprint", "pango"],
)
def test_where_it_cannot_be_made_a_remedy_is_told(
    tmp_path: Path, missing: str, told: str, remedy: str
) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "weasyprint.py").write_text(f"{missing}\n", encoding="utf-8")
    (tmp_path / "report.json").write_bytes(json.render(sample_report()))
    path = os.pathsep.join([str(tmp_path / "shadow"), *filter(None, [os.environ.get("PYTHONPATH")])])

    def render_as(names: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "auditor", "report", "render", "report.json", "--format", names]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    alone = render_as("json,pdf")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert told in alone.stderr
    assert remedy in alone.stderr
    assert not (tmp_path / "out").exists()
    everything = render_as("all")
    assert everything.returncode == 0
    assert "pdf is left out: " in everything.stderr
    assert (tmp_path / "out" / "report.html").exists()
    assert not (tmp_path / "out" / "report.pdf").exists()
