"""Every document that somebody could send gets its verdict, for its reason."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from auditor.saml.metadata_check import check_metadata
from tests.saml.metadata_cases import ATTACKER_HOST, Case, all_cases

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_document_gets_its_verdict(case: Case) -> None:
    sent = case.sent()
    result = check_metadata(sent.data, expected=sent.expected, over_tls_from=sent.over_tls_from)
    codes = [finding.code for finding in result.findings]
    assert (result.verdict.value, codes) == (case.verdict, codes)
    assert case.code in codes if case.code else codes == []
    assert ATTACKER_HOST not in json.dumps(result.to_json())


def test_the_cases_cover_every_verdict_amply() -> None:
    verdicts = Counter(case.verdict for case in CASES)
    assert verdicts["reject"] >= 100
    assert verdicts["warn"] >= 20
    assert verdicts["accept"] >= 20
