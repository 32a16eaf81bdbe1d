"""Connections through what is rendered: the first packet is not enough, answers have to come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.network.kernel import Router, missing, router
from tests.network.office import OFFICE, OFFICE6
from tests.network.test_kernel import load
from viguard.network.addresses import Family
from viguard.network.rules import RuleSet

Asked = tuple[str, str, int]
SETS = {Family.V4: OFFICE, Family.V6: OFFICE6}
PERMITTED: dict[Family, list[Asked]] = {
    Family.V4: [
        ("10.1.0.5", "10.2.0.9", 443),
        ("10.1.0.5", "10.2.0.53", 53),
        ("10.1.0.10", "10.2.0.9", 8000),
        ("10.1.0.12", "10.2.0.53", 8010),
    ],
    Family.V6: [("2001:db8:1::5", "2001:db8:2::9", 443)],
}
DENIED: dict[Family, list[Asked]] = {
    Family.V4: [
        ("10.1.0.66", "10.2.0.9", 443),
        ("10.1.0.5", "10.2.0.9", 444),
        ("10.1.0.5", "10.2.0.53", 443),
        ("10.1.0.13", "10.2.0.9", 8000),
        ("10.1.0.12", "10.2.0.9", 8011),
    ],
    Family.V6: [("2001:db8:1::5", "2001:db8:2::53", 443), ("2001:db8:9::5", "2001:db8:2::9", 443)],
}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Router]:
    if why := missing("nftables", "nft") or missing("iptables", "iptables-nft-restore"):
        pytest.skip(why)
    every = [asked for some in (*PERMITTED.values(), *DENIED.values()) for asked in some]
    with router() as made:
        made.house(sorted({source for source, *_ in every}), sorted({destination for _, destination, _ in every}))
        yield made


@pytest.mark.real("nftables")
@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
def test_without_rules_every_connection_is_answered(kernel: Router, family: Family) -> None:
    """Else the refusals would prove nothing."""
    kernel.forget()
    asked = [*PERMITTED[family], *DENIED[family]]
    assert kernel.shaken(asked) == ["answered"] * len(asked)


@pytest.mark.parametrize("family", Family, ids=lambda family: family.name.lower())
@pytest.mark.parametrize(
    "target", [pytest.param(name, marks=pytest.mark.real(name)) for name in ("nftables", "iptables")]
)
def test_permitted_connections_are_answered_and_denied_ones_are_not(
    kernel: Router, target: str, family: Family
) -> None:
    load(kernel, target, SETS[family])
    assert kernel.shaken(PERMITTED[family]) == ["answered"] * len(PERMITTED[family])
    assert kernel.shaken(DENIED[family]) == ["TimeoutError"] * len(DENIED[family])


@pytest.mark.real("nftables")
def test_answers_do_not_come_back_where_no_flows_are_known(kernel: Router) -> None:
    """What the test above would show of a render that forgot the answers."""
    one = RuleSet(name="office", family=Family.V4, rules=OFFICE.rules, stateful=False)
    load(kernel, "nftables", one)
    assert kernel.shaken(PERMITTED[Family.V4][:1]) == ["TimeoutError"]
