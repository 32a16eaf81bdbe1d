"""Every control that the API or the policy can decide has a test that plants its fault."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from inspect import getmembers, isfunction
from pathlib import Path
from types import ModuleType

from viguard.assess import controls
from viguard.assess.control import Control

LOGS = "the log server tells; tests in tests/assess/checks/test_logs.py and tests/usecases/test_serve_audit.py"
RULES = "rules of devices tell; tests in tests/assess/checks/test_borders.py and tests/network/test_reach.py"
NO_FACT_OF_THE_API = {
    "audit-monthly": "viguard's own store tells when it last audited; tests in tests/assess/checks/test_audits.py",
    "event-login-coverage": LOGS,
    "fw-log-server-514": RULES,
    "fw-update-manager-table": RULES,
    "log-filter-size": LOGS,
    "log-received-fresh": LOGS,
    "net-vlan-acl-present": RULES,
}


def decided_by_the_api() -> dict[str, Control]:
    return {id_: c for id_, c in controls.load().items() if c.evaluable and id_ not in NO_FACT_OF_THE_API}


def test_every_control_is_planted() -> None:
    planted = {control for module in modules() for control in promised(module)}
    assert planted == decided_by_the_api().keys()


def test_exceptions_exist_and_read_no_api() -> None:
    for id_ in NO_FACT_OF_THE_API:
        assert "vim" not in controls.load()[id_].needs


def modules() -> list[ModuleType]:
    here = Path(__file__).parent
    return [import_module(f"{__package__}.{file.stem}") for file in sorted(here.glob("test_*.py"))]


def promised(module: ModuleType) -> Iterator[str]:
    """The controls that the tests of a module say they plant; a fixture holds every test to it."""
    for name, test in getmembers(module, isfunction):
        for mark in getattr(test, "pytestmark", ()) if name.startswith("test_") else ():
            if mark.name == "proves":
                yield from mark.args
            if mark.name == "parametrize":
                for row in mark.args[1]:
                    yield from (c for m in getattr(row, "marks", ()) if m.name == "proves" for c in m.args)
