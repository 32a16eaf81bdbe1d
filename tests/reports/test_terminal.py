from __future__ import annotations

import io

import msgspec
from rich.console import Console

from tests.reports.audits import audit, result
from viguard.model.audit import Audit, FixedFinding
from viguard.model.result import Kind, Result, Severity, Status, Target
from viguard.model.snapshot import Source
from viguard.reports import terminal


def shown(found: Audit, *, every: bool = False) -> str:
    out = io.StringIO()
    terminal.render(Console(file=out, width=120, highlight=False, markup=False), found, every=every)
    return out.getvalue()


def test_the_summary_stands_first_and_last() -> None:
    text = shown(audit(result("esx1", Status.FAIL, number=1), result("esx2", Status.PASS, number=2)))
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines[0].startswith("viguard audit of 2 hosts, 1 guest")
    assert lines[2].startswith("1 finding  ▲ 1 high")
    assert lines[-1].startswith("next: ")
    assert lines[-3].startswith("1 finding  ▲ 1 high")


def test_worst_stands_first() -> None:
    low = result("a", Status.FAIL, number=1, severity=Severity.LOW)
    critical = result("b", Status.FAIL, number=2, severity=Severity.CRITICAL)
    text = shown(audit(low, critical))
    assert text.index("◆ 1 critical") < text.index("○ 1 low")


def test_incomplete_is_said_with_what_is_missing() -> None:
    text = shown(audit(result("esx1", Status.PASS), complete=False))
    assert "INCOMPLETE: 1 gap" in text
    assert "/vc/DC/esx3 config: the host does not answer" in text


def test_hostile_names_reach_the_terminal_as_text() -> None:
    text = shown(audit(result("\x1b[2J\x9b31m\u202eevil[red]", Status.FAIL, number=1)))
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text
    assert "\\u001b[2J\\u009b31m\\u202eevil[red]" in text


def test_ten_thousand_characters_are_cut_and_both_ends_kept() -> None:
    text = shown(audit(result("a" * 5000 + "z" * 5000, Status.FAIL, number=1)))
    assert len(text) < 5000
    assert "aaa…zzz" in text.replace("\n", "").replace(" ", "")


def test_unknown_is_counted_apart_and_says_why() -> None:
    text = shown(audit(result("esx1", Status.UNKNOWN, reason="no permission to read config.service")))
    assert "0 findings  1 unknown" in text
    assert "no permission to read config.service" in text


def test_an_account_of_several_vcenters_is_shown_with_its_own() -> None:
    def account(vcenter: str, name: str, number: int) -> Result:
        target = Target(kind=Kind.ACCOUNT, name=name, path=f"/{vcenter}/{name}", id=f"{vcenter}:user:{name}")
        return msgspec.structs.replace(result(name, Status.FAIL, number=number), resource=target)

    found = audit(account("vc-a", "DOM\\admin", 1), account("vc-b", "DOM\\admin", 2), account("vc-a", "root", 3))
    sources = tuple(Source(server=name, name=name, url=f"https://{name}/sdk") for name in ("vc-a", "vc-b"))
    text = shown(msgspec.structs.replace(found, sources=sources))
    assert "DOM\\admin (vc-a), DOM\\admin (vc-b), root\n" in text.replace(" \n", "\n").replace("  ", "")


def test_what_was_fixed_is_named_and_the_rest_counted() -> None:
    gone = [FixedFinding(id=f"VG-{n}", control="host-ssh-off", path=f"/vc/esx{n}", how="pass") for n in range(7)]
    text = shown(msgspec.structs.replace(audit(), fixed=tuple(gone)))
    assert "✓ 7 findings of the last audit fixed or gone" in text
    assert "host-ssh-off  /vc/esx0: passes now" in text
    assert "/vc/esx4" in text
    assert "/vc/esx5" not in text
    assert "and 2 more" in text
