"""The harness itself: it refuses a fault that is not found, one that is not listed, and one that stays."""

from __future__ import annotations

import pytest

from tests.acceptance.plant.harness import Bench

pytestmark = pytest.mark.real("lab")

CONTROL, GUEST = "console-session-threshold", "www1"


def open_consoles(bench: Bench, guest: str = GUEST, number: int = 2) -> None:
    bench.endpoint.control("set", type="VirtualMachine", name=guest, path="runtime.numMksConnections", value=number)


def test_a_fault_that_is_not_found(main: Bench) -> None:
    with pytest.raises(AssertionError, match="Extra items in the right set"):
        main.check({CONTROL: [GUEST]}, plant=lambda: None, mend=lambda: None)
    assert not main.proven


def test_a_finding_that_is_not_listed(main: Bench) -> None:
    def two() -> None:
        open_consoles(main)
        open_consoles(main, "www2")

    def none() -> None:
        open_consoles(main, number=0)
        open_consoles(main, "www2", 0)

    with pytest.raises(AssertionError, match="Extra items in the left set"):
        main.check({CONTROL: [GUEST]}, plant=two, mend=none)


def test_a_finding_that_goes_unlisted(main: Bench) -> None:
    with pytest.raises(AssertionError, match="finance1"):  # a fault of the demo
        main.check({}, plant=lambda: open_consoles(main, "finance1", 0), mend=lambda: open_consoles(main, "finance1"))


def test_a_fault_that_stays(main: Bench) -> None:
    with pytest.raises(AssertionError, match=GUEST):
        main.check({CONTROL: [GUEST]}, plant=lambda: open_consoles(main), mend=lambda: None)
    open_consoles(main, number=0)
