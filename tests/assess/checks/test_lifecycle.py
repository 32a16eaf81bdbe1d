"""host-supported, vc-supported. The day is 2026-03-04."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.assess.checks.estate import ESX35, ESXI8, VC8, but, host, lost, server, world
from viguard.assess.checks import lifecycle
from viguard.content.tables import load_tables
from viguard.model.result import Status
from viguard.model.server import Product
from viguard.model.tables import Tables


@pytest.mark.parametrize(
    ("product", "status"),
    [
        (ESXI8, Status.PASS),
        (but(ESXI8, version="7.0.3"), Status.FAIL),
        (ESX35, Status.FAIL),
        (but(ESXI8, version="12.0.0"), Status.UNKNOWN),
        (but(ESXI8, version="new"), Status.UNKNOWN),
        (but(ESXI8, line="esx"), Status.UNKNOWN),
    ],
)
def test_host_supported(product: Product, status: Status) -> None:
    assert lifecycle.host(host(product=product), world()).status is status


def test_the_last_day_still_counts() -> None:
    for day, status in ((11, Status.PASS), (12, Status.FAIL)):
        context = replace(world(), now=datetime(2027, 10, day, tzinfo=UTC))
        assert lifecycle.host(host(), context).status is status


def test_vc_supported() -> None:
    assert lifecycle.vcenter(server(), world()).status is Status.PASS
    old = lifecycle.vcenter(server(product=but(VC8, version="2.5.0")), world(tables=load_tables()))
    assert (old.status, old.reason) == (Status.FAIL, "general support of VMware vCenter Server 2.5 ended on 2010-05-21")
    assert lifecycle.vcenter(server(product=ESXI8), world()).status is Status.NOT_APPLICABLE


def test_unknown_without_a_fact() -> None:
    assert lifecycle.host(lost(host(), "product"), world()).status is Status.UNKNOWN
    assert lifecycle.vcenter(lost(server(), "product"), world()).status is Status.UNKNOWN
    assert lifecycle.host(host(), world(tables=Tables())).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("line", "version", "ends"),
    [
        ("esx", "3.5", "2010-05-21"),
        ("esx", "4.1", "2014-05-21"),
        ("gsx", "2.0", "2011-06-30"),
        ("embeddedEsx", "6.7", "2022-10-15"),
        ("embeddedEsx", "8.0", "2027-10-11"),
        ("vpx", "7.0", "2025-10-02"),
    ],
)
def test_our_table(line: str, version: str, ends: str) -> None:
    found = {(row.line, row.version): row.ends.isoformat() for row in load_tables().support}
    assert found[line, version] == ends
