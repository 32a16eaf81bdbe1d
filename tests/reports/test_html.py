from __future__ import annotations

import json
import re

from tests.reports.audits import audit, result
from viguard.model.result import Status
from viguard.reports import html


def data(page: str) -> dict[str, list[object]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    loaded: dict[str, list[object]] = json.loads(found.group(1))
    return loaded


def test_every_listed_result_is_in_the_page_and_passes_are_counted() -> None:
    page = html.render(audit(result("esx1", Status.FAIL, number=1), result("esx2", Status.PASS, number=2)))
    rows = data(page)["rows"]
    assert len(rows) == 1
    assert "<h1>1 finding</h1>" in page


def test_hostile_names_cannot_leave_the_data_or_the_text() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028"
    page = html.render(audit(result(evil, Status.FAIL, number=1, reason=evil)))
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert evil in data(page)["texts"]


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = html.render(audit(result("esx1", Status.FAIL)))
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "default-src 'none'" in page


def test_a_hundred_thousand_findings_stay_small_enough_to_open() -> None:
    many = [result(f"esx{n}", Status.FAIL, number=n) for n in range(100_000)]
    page = html.render(audit(*many))
    assert len(data(page)["rows"]) == 100_000
    assert len(page) < 40_000_000
