"""Clusters and resource pools."""

from __future__ import annotations

from viguard.collect.decode.guest import allocation
from viguard.collect.decode.place import NO_VALUE, Place, facts
from viguard.collect.decode.values import Values, find, maybe_truth
from viguard.model.facts import Fact
from viguard.model.server import Cluster, DrsRule, ResourcePool
from viguard.vsphere.replies import Element, xsi_type

RULE_TYPES = {
    "ClusterAffinityRuleSpec": "affinity",
    "ClusterAntiAffinityRuleSpec": "anti_affinity",
    "ClusterVmHostRuleInfo": "vm_host",
}


def decode_cluster(place: Place, values: Values, *, lone: bool) -> Cluster:
    """A cluster; ``lone`` for the compute resource of a host outside clusters, which has no DRS and HA."""

    def configured(path: str) -> Fact[bool | None]:
        return values.fact("configurationEx", lambda e: maybe_truth(e.findtext(path)), None)

    return Cluster(
        **place.identity,
        parent=place.parent,
        datacenter=place.datacenter,
        lone=lone,
        hosts=values.fact("host", place.resources, ()),
        drs=configured("drsConfig/enabled"),
        ha=configured("dasConfig/enabled"),
        rules=values.fact("configurationEx", lambda e: tuple(_rule(place, e, r) for r in e.iterfind("rule")), ()),
    )


def _rule(place: Place, configuration: Element, rule: Element) -> DrsRule:
    kind = xsi_type(rule)
    group = find(rule, "vmGroupName")
    guests = [*rule.iterfind("vm")]
    if group:
        guests += [v for g in configuration.iterfind("group") if find(g, "name") == group for v in g.iterfind("vm")]
    return DrsRule(
        name=find(rule, "name"),
        type=RULE_TYPES.get(kind, kind),
        enabled=find(rule, "enabled") == "true",
        guests=place.resources(guests),
        mandatory=find(rule, "mandatory") == "true",
    )


def decode_pool(place: Place, values: Values) -> ResourcePool:
    """A resource pool."""
    return ResourcePool(
        **place.identity,
        **facts(ResourcePool, FACTS, values),  # type: ignore[arg-type]
        parent=place.parent,
        cluster=place.cluster,
    )


FACTS: dict[str, tuple[object, object]] = {"cpu": (allocation, NO_VALUE), "memory": (allocation, NO_VALUE)}
"""Decoder of each fact, and the fact when the server holds no value."""
