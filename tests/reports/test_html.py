from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import msgspec
import pytest

from tests.reports.audits import CARD, audit, result
from viguard.model.audit import FixedFinding
from viguard.model.result import Change, Status
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


def test_the_head_counts_what_changed_and_what_is_accepted() -> None:
    changes = [Change.NEW, Change.NEW, Change.REOPENED, Change.OPEN]
    failed = [
        msgspec.structs.replace(result(f"esx{n}", Status.FAIL, number=n), change=change)
        for n, change in enumerate(changes)
    ]
    others = [result("w", Status.WAIVED, number=8), result("a", Status.ATTESTED, number=9)]
    gone = FixedFinding(id="VG-1", control="host-ssh-off", path="/vc/DC/<esx9>", how="gone")
    page = html.render(msgspec.structs.replace(audit(*failed, *others), fixed=(gone,)))
    head = re.sub(r"<[^>]*>", "", page[page.index("<h1>") : page.index("<h2>")])
    for told in ("2 new", "1 reopened", "1 fixed or gone", "1 waived", "1 attested"):
        assert told in head
    assert "<td>/vc/DC/&lt;esx9&gt;</td><td>the resource is gone</td>" in page


def test_the_head_says_nothing_of_changes_where_there_are_none() -> None:
    page = html.render(audit(result("esx1", Status.PASS)))
    assert "since the last audit" not in page


def test_the_deciding_line_of_the_policy_is_in_the_data() -> None:
    decided = msgspec.structs.replace(result("esx1", Status.FAIL), policy="policy.yaml:84 (limits)")
    assert "policy.yaml:84 (limits)" in data(html.render(audit(decided)))["texts"]


CHROMIUM = shutil.which("chromium")
LOOK = """<script>
const d = document.querySelector("#list details"); d.open = true;
d.addEventListener("toggle", () => { document.title = JSON.stringify({
  width: document.documentElement.scrollWidth, window: window.innerWidth,
  pairs: [...d.querySelectorAll("dt, dd")].map(e => [e.tagName, e.textContent]) }); });
</script></body>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no browser here")
def test_a_browser_shows_the_details_and_never_scrolls_sideways(tmp_path: Path) -> None:
    card = msgspec.structs.replace(CARD, references={"report": ("Secure VI",), "stig": ("ESXI-80-000193", "X")})
    failed = msgspec.structs.replace(result("e" * 300, Status.FAIL), policy="/" + "p" * 200 + "/policy.yaml:3")
    found = msgspec.structs.replace(audit(failed), controls={card.id: card}, policy_file="/" + "p" * 200)
    file = tmp_path / "audit.html"
    file.write_text(html.render(found).replace("</body>", LOOK), encoding="utf-8")
    shown = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=3000"),
            *("--window-size=400,2000", f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout.decode()
    title = re.search(r"<title>(.*?)</title>", shown, re.DOTALL)
    assert title
    seen = json.loads(unescape(title.group(1)))
    assert seen["width"] <= seen["window"]
    pairs = [tuple(pair) for pair in seen["pairs"]]
    assert ("DD", "/" + "p" * 200 + "/policy.yaml:3") in pairs
    at = pairs.index(("DT", "references"))
    assert pairs[at + 1 :] == [("DD", "report: Secure VI"), ("DD", "stig: ESXI-80-000193, X")]
