from __future__ import annotations

import csv as stdlib_csv
import io
import json

from tests.reports.audits import audit, result
from viguard.model.result import Status
from viguard.reports import csv, jsonl


def test_jsonl_has_one_line_per_result_with_the_agreed_keys() -> None:
    found = audit(result("esx1", Status.FAIL, number=1, reason="runs"), result("esx2", Status.PASS, number=2))
    lines = [json.loads(line) for line in jsonl.lines(found)]
    assert [line["status"] for line in lines] == ["fail", "pass"]
    assert lines[0] == {
        "schema": "viguard-result/1",
        "id": "VG-0000000001",
        "control": "host-ssh-off",
        "status": "fail",
        "severity": "high",
        "profile": "modern",
        "resource": {"kind": "host", "name": "esx1", "path": "/vc/DC/esx1", "id": "vc:1"},
        "evidence": [
            {
                "property": "config.service.service[TSM-SSH].running",
                "value": True,
                "read_at": "2026-03-01T12:00:00Z",
                "source": "vc",
            }
        ],
        "reason": "runs",
        "policy": "",
        "change": None,
    }


def test_csv_is_read_back_by_the_standard_reader_and_starts_no_formula() -> None:
    hostile = '=HYPERLINK("http://x")\r\n,"second"'
    found = audit(result(hostile, Status.FAIL, number=1, reason="@SUM(A1)"))
    rows = list(stdlib_csv.reader(io.StringIO("".join(csv.lines(found)), newline="")))
    assert rows[0][:3] == ["id", "control", "status"]
    assert len(rows) == 2
    assert rows[1][6] == "'" + hostile
    assert rows[1][8] == "'@SUM(A1)"


def test_csv_obeys_no_terminal_escape_and_keeps_long_names() -> None:
    name = "\x1b[31mred\x1b]0;own\x07\u202egnp" + "x" * 10_000
    rows = list(stdlib_csv.reader(io.StringIO("".join(csv.lines(audit(result(name, Status.FAIL)))), newline="")))
    assert rows[1][6] == "\\u001b[31mred\\u001b]0;own\\u0007\\u202egnp" + "x" * 10_000


def test_the_json_document_holds_gaps_and_summary() -> None:
    document = json.loads(jsonl.document(audit(result("esx1", Status.FAIL), complete=False)))
    assert document["schema"] == "viguard-audit/1"
    assert document["complete"] is False
    assert document["gaps"] == [{"path": "/vc/DC/esx3", "what": "config", "reason": "the host does not answer"}]
    assert document["summary"]["failed"] == {"high": 1}
