"""iscsi-chap-mutual."""

from __future__ import annotations

import pytest

from tests.assess.checks.estate import host, lost, world
from viguard.assess.checks.iscsi import chap
from viguard.model.host import Host
from viguard.model.result import Status
from viguard.model.storage import Chap, IscsiAdapter, IscsiTarget
from viguard.policy.policy import Profile

REQUIRED, PREFERRED, PROHIBITED = "chapRequired", "chapPreferred", "chapProhibited"
BOTH = Chap(enabled=True, name="h1", one_way=REQUIRED, mutual=REQUIRED)
ONE = Chap(enabled=True, name="h1", one_way=REQUIRED, mutual=PROHIBITED)


def storing(setting: Chap, *targets: IscsiTarget, **facts: object) -> Host:
    adapter = IscsiAdapter(device="vmhba33", software=True, chap=setting, targets=targets)
    return host(**{"iscsi": (adapter,), **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "report", "modern"),
    [
        (BOTH, Status.PASS, Status.PASS),
        (ONE, Status.PASS, Status.FAIL),
        (Chap(enabled=True, one_way=PREFERRED, mutual=PROHIBITED), Status.FAIL, Status.FAIL),
        (Chap(enabled=False), Status.FAIL, Status.FAIL),
        (Chap(enabled=False, one_way=REQUIRED, mutual=REQUIRED), Status.FAIL, Status.FAIL),
        (Chap(enabled=True), Status.PASS, Status.UNKNOWN),  # before API 4.0 only this is told
        (Chap(enabled=True, one_way=REQUIRED), Status.PASS, Status.UNKNOWN),
    ],
)
def test_an_adapter_by_profile(setting: Chap, report: Status, modern: Status) -> None:
    assert chap(storing(setting), world(profile=Profile.REPORT_2010)).status is report
    assert chap(storing(setting), world(profile=Profile.MODERN)).status is modern


@pytest.mark.parametrize(
    ("own", "status"),
    [
        (None, Status.PASS),
        (Chap(inherited=True), Status.PASS),
        (BOTH, Status.PASS),
        (Chap(enabled=False), Status.FAIL),
        (ONE, Status.FAIL),
    ],
)
def test_a_target_with_settings_of_its_own(own: Chap | None, status: Status) -> None:
    found = chap(storing(BOTH, IscsiTarget(address="10.7.0.1"), IscsiTarget(address="10.7.0.2", chap=own)), world())
    assert found.status is status
    assert ("10.7.0.2" in found.reason) is (status is Status.FAIL)


def test_one_weak_adapter_of_two_fails() -> None:
    good, bad = (IscsiAdapter(device=d, chap=c) for d, c in (("vmhba33", BOTH), ("vmhba34", Chap())))
    found = chap(host(iscsi=(good, bad)), world())
    assert (found.status, found.reason) == (Status.FAIL, "CHAP is not required both ways: vmhba34")


def test_without_iscsi_there_is_nothing_to_judge() -> None:
    assert chap(host(iscsi=()), world()).status is Status.NOT_APPLICABLE
    assert chap(storing(Chap(), software_iscsi=False), world()).status is Status.NOT_APPLICABLE
    assert chap(lost(storing(Chap()), "software_iscsi"), world()).status is Status.FAIL


def test_unknown_without_the_adapters() -> None:
    assert chap(lost(storing(BOTH), "iscsi"), world()).status is Status.UNKNOWN
