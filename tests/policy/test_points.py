"""Enforcement points in a policy: what is refused, with its place."""

from __future__ import annotations

import pytest

from viguard.errors import PolicyError
from viguard.policy.load import loads

ZONES = """zones:
  - {name: web, match: {subnets: [10.1.0.0/24]}}
  - {name: san, match: {subnets: [10.9.0.0/24]}}
firewall:
"""


def test_points_are_read_with_their_lines() -> None:
    policy = loads(
        ZONES
        + """  points:
    - name: core
      rules: [core.cfg]
      between: [internet, web, inside]
      interfaces: {Gi0/1: internet}
      nat: [{on: internet, outside: 193.0.0.5, inside: 10.1.0.5}]
    - {name: inner, between: [inside, san]}
    - {name: own, rules: [log1.v4], before: [log1]}
""",
        "policy.yaml",
    )
    core, inner, own = policy.firewall.points
    assert (core.name, core.rules, core.line) == ("core", ("core.cfg",), 6)
    assert core.nat[0].outside == "193.0.0.5"
    assert inner.between == ("inside", "san")
    assert own.before == ("log1",)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("  points: [{name: a, between: [web]}]", "joins two at least"),
        ("  points: [{name: a}]", "nobody knows where it stands"),
        ("  points: [{name: a, between: [web, san], before: [web]}]", "at once"),
        ("  points: [{name: a, between: [web, sann]}]", "'sann' is no zone, and no other point joins it"),
        (
            "  points: [{name: a, between: [web, san]}, {name: a, between: [web, san]}]",
            "the name 'a' is taken (line 5)",
        ),
        ("  points: [{name: a, between: [web, san], interfaces: {e0: test}}]", "the point does not join 'test'"),
        (
            "  points: [{name: a, between: [web, san], nat: [{on: lan, outside: 1.2.3.4, inside: 10.1.0.5}]}]",
            "the point does not join 'lan'",
        ),
        (
            "  points: [{name: a, between: [web, san], nat: [{on: web, outside: 1.2.3.4/30, inside: 10.1.0.0/24}]}]",
            "as many addresses outside as inside, or one",
        ),
        (
            "  points: [{name: a, between: [web, san], nat: [{on: web, outside: 1.2.3.4/24, inside: 10.1.0.5}]}]",
            "'1.2.3.4/24' is no address or network",
        ),
        ("  isolated: [vmotion]", "there is no zone 'vmotion'"),
        ("  separate: [{zones: [web, sann]}]", "there is no zone 'sann'"),
        ("  separate: [{zones: [web, web]}]", "a zone is not separated from itself"),
        ("  separate: [{zones: [web, san]}, {zones: [san, web]}]", "these two zones are separated in line 5"),
        (
            "  isolated: [san]\n  points: [{name: a, between: [web, san]}]",
            "the zone 'san' is isolated, and a point joins it",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(points: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        loads(ZONES + points + "\n", "policy.yaml")
    lines = str(refused.value).splitlines()
    assert any(said in line and line.strip().startswith("policy.yaml:5:") for line in lines), lines
