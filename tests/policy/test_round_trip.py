"""Any valid policy that is written as YAML and loaded back is the same policy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from viguard.policy.load import loads
from viguard.policy.policy import (
    Approved,
    Attestation,
    CpuException,
    CpuLimits,
    Day,
    Limits,
    PairRule,
    Person,
    Policy,
    Profile,
    Purpose,
    Recognition,
    Sharing,
    Sites,
    TestEstate,
    TimeZone,
    Window,
    WorkingHours,
    Zone,
)
from viguard.policy.quoting import scalar
from viguard.policy.source import Mistakes, Text, parse

PLACES = {"file", "line", "lines"}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = texts.filter(lambda t: t.strip() != "")
lists = st.lists(names, max_size=3).map(tuple)
subnets = st.ip_addresses().map(str)
percents = st.floats(0, 100)
counts = st.none() | st.integers(1, 1_000_000)

recognitions = st.builds(
    Recognition,
    vlans=st.lists(st.integers(0, 4094), min_size=1, max_size=3).map(tuple),
    port_groups=lists,
    subnets=st.lists(subnets, max_size=2).map(tuple),
    tags=lists,
    folders=lists,
)
working_hours = st.builds(
    WorkingHours,
    time_zone=st.sampled_from(["UTC", "Europe/Brussels"]),
    windows=st.lists(
        st.builds(
            Window,
            days=st.lists(st.sampled_from(Day), min_size=1, unique=True).map(tuple),
            start=st.integers(0, 11),
            end=st.integers(12, 24),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)
time_zones = st.builds(
    TimeZone,
    hosts=st.lists(names, min_size=1, max_size=3).map(tuple),
    zone=st.sampled_from(["UTC", "Europe/Brussels"]),
)
limits = st.builds(
    Limits,
    cpu=st.builds(
        lambda pair, exceptions: CpuLimits(
            floor_percent=min(pair), ceiling_percent=max(pair), exceptions=tuple(exceptions)
        ),
        st.tuples(percents, percents),
        st.lists(st.builds(CpuException, guest=texts, reason=texts, floor_percent=percents), max_size=2),
    ),
    log_size_bytes=counts,
    log_count=counts,
    log_bytes_per_host_day=counts,
    console_sessions=st.integers(1, 100),
    hosts_per_credential=counts,
    template_age_days=st.integers(1, 3650),
)
approved = st.builds(
    Approved,
    log_servers=st.none() | lists,
    ntp_servers=st.none() | lists,
    lockdown_exceptions=lists,
    templates=st.none() | lists,
    devices=st.lists(names.map(lambda name: f"{name}:VirtualFloppy"), max_size=2).map(tuple),
)


@st.composite
def attestations(draw: st.DrawFn) -> Attestation:
    dated = draw(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
    return Attestation(
        control=draw(texts),
        statement=draw(texts),
        owner=draw(texts),
        dated=dated,
        expires=dated + timedelta(days=draw(st.integers(1, 366))),
        evidence=draw(texts),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    zone_names = draw(st.lists(names, unique=True, max_size=3))
    zones = [
        Zone(
            name=name,
            match=draw(recognitions),
            purpose=draw(st.sampled_from(Purpose)),
            trust=draw(st.integers(0, 100)),
            owner=draw(texts),
        )
        for name in zone_names
    ]
    pairs = [PairRule(zones=(zone_names[0], n), sharing=draw(st.sampled_from(Sharing))) for n in zone_names[1:]]
    people = draw(st.lists(names, unique=True, max_size=2))
    return Policy(
        profile=draw(st.none() | st.sampled_from(Profile)),
        zones=tuple(zones) if zones or draw(st.booleans()) else None,
        pairs=tuple(pairs),
        pairs_default=draw(st.none() | st.sampled_from(Sharing)),
        limits=draw(limits),
        approved=draw(approved),
        people=tuple(Person(name=name, email=draw(texts), teams=draw(lists)) for name in people),
        working_hours=draw(st.none() | working_hours),
        time_zones=tuple(draw(st.lists(time_zones, max_size=2))),
        audit_every_days=draw(st.integers(1, 3650)),
        test=draw(st.none() | st.builds(TestEstate, servers=lists, hosts=lists)),
        sites=Sites(attribute=draw(texts), hosts=draw(st.dictionaries(texts, lists, max_size=2))),
        attestations=tuple(draw(st.lists(attestations(), max_size=2))),
    )


def written(value: Any) -> Any:
    """Plain values with every key but those that say where things stand."""
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__ if name not in PLACES}
        return {name: written(part) for name, part in fields.items()}
    if isinstance(value, tuple):
        return [written(part) for part in value]
    if isinstance(value, dict):
        return {key: written(part) for key, part in value.items()}
    return value if value is None or isinstance(value, int | float | date) else str(value)


@settings(max_examples=60, deadline=None)
@given(policies())
def test_written_and_loaded_back(policy: Policy) -> None:
    text = yaml.safe_dump(written(policy), allow_unicode=False, sort_keys=False)
    assert written(loads(text, "p.yaml")) == written(policy)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_scalar_is_one_line_and_comes_back(text: str) -> None:
    line = scalar(text)
    assert line.isprintable()
    for document in (f"{line}\n", f"[{line}]\n", f"{{a: {line}, b: 1}}\n", f"a: {line}  # x\n"):
        assert text in leaves(document)
    assert yaml.safe_load(f"[{line}]") == [text]  # other readers see a text, too


def leaves(document: str) -> list[str]:
    mistakes = Mistakes("p.yaml")
    tree = parse(document, mistakes)
    assert mistakes.lines == []
    open_nodes, found = [tree], []
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, Text):
            found.append(node.value)
        elif node is not None:
            parts = getattr(node, "items", ()) or [part for entry in getattr(node, "entries", ()) for part in entry]
            open_nodes += parts
    return found
