"""The reader of expected.yaml tells every kind of difference."""

from __future__ import annotations

import pytest

from tests.acceptance.expected import Outcome, differences, outcomes, unexplained
from tests.acceptance.expected import _names as names
from tests.acceptance.expected import _outcome as outcome
from viguard.model.result import Kind, Result, Severity, Status, Target

GROUPS = {"two": ["a", "b"], "all": ["@two", "c"]}


def result(path: str, status: Status, *, kind: Kind = Kind.HOST, control: str = "one", reason: str = "") -> Result:
    name = path.rpartition("/")[2]
    return Result(
        id=path,
        control=control,
        status=status,
        severity=Severity.LOW,
        profile="modern",
        resource=Target(kind=kind, name=name, path=path),
        reason=reason,
    )


def test_groups_hold_groups_and_names_can_be_taken_out() -> None:
    assert names(["@all", "-b", "d"], GROUPS) == ["a", "c", "d"]
    with pytest.raises(ValueError, match="not in list"):
        names(["@all", "-x"], GROUPS)


def test_a_name_stands_once_in_a_control() -> None:
    with pytest.raises(AssertionError, match="stands twice"):
        outcome({"fail": ["a"], "unknown": ["@two"]}, GROUPS)


def test_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="failed"):
        outcome({"failed": ["a"]}, GROUPS)


def test_parts_of_hosts_have_two_steps_and_shared_names_their_server() -> None:
    found = outcomes(
        [
            result("/vc/DC/esx1", Status.PASS),
            result("/vc/DC/esx1/vSwitch0", Status.FAIL, kind=Kind.SWITCH),
            result("/vc/DC/esx2", Status.UNKNOWN),
            result("/other/DC/esx2", Status.FAIL),
            result("/", Status.FAIL, kind=Kind.ESTATE),
        ]
    )
    assert found["one"] == Outcome(
        passes=1, others={Status.FAIL: {"esx1/vSwitch0", "other/esx2", "estate"}, Status.UNKNOWN: {"vc/esx2"}}
    )


def test_every_kind_of_difference_is_told() -> None:
    wanted = {"one": outcome({"pass": 2, "fail": ["a", "b"]}, {}), "gone": outcome({"pass": 1}, {})}
    got = {"one": outcome({"pass": 3, "fail": ["a"], "unknown": ["b"]}, {}), "new": outcome({"fail": ["c"]}, {})}
    assert differences(wanted, got) == [
        "gone: 0 passes, 1 expected",
        "new: c is fail, not expected",
        "one: 3 passes, 2 expected",
        "one: b should be fail",
        "one: b is unknown, not expected",
    ]
    assert differences(wanted, wanted) == []


def test_an_unknown_says_the_expected_reason() -> None:
    told = [
        result("/vc/a", Status.UNKNOWN, control="host-certificate", reason="known from API 6.0"),
        result("/vc/b", Status.UNKNOWN, control="host-certificate", reason="no permission"),
        result("/vc/c", Status.UNKNOWN, control="cred-vaulted", reason="no source yet: needs the password vault"),
        result("/vc/d", Status.UNKNOWN, control="cred-vaulted", reason="no source yet"),
    ]
    assert unexplained(told) == [
        "host-certificate: b is unknown: no permission",
        "cred-vaulted: d is unknown: no source yet",
    ]
