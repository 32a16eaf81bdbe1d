"""Versions that still get security fixes. Source: report, "Updating"; lifecycle table in content."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import expect, release
from viguard.assess.verdict import Verdict, failed, not_applicable, passed, unknown
from viguard.model.facts import Fact, Resource, Unknown
from viguard.model.host import Host
from viguard.model.server import Product, Server
from viguard.model.text import visible


def host(subject: Resource, context: Context) -> Verdict:
    """The host's version is in general support today. A version that the table does not hold is unknown."""
    found = expect(Host, subject)
    return _judge(found, found.product, context)


def vcenter(subject: Resource, context: Context) -> Verdict:
    """The vCenter's version is in general support today. A version that the table does not hold is unknown."""
    server = expect(Server, subject)
    if isinstance(server.product, Product) and not server.is_vcenter:
        return not_applicable("a host, not a vCenter", context.evidence(server, "product", server.product.line))
    return _judge(server, server.product, context)


def _judge(subject: Resource, product: Fact[Product], context: Context) -> Verdict:
    if isinstance(product, Unknown):
        return unknown(product, context.evidence(subject, "product"))
    evidence = context.evidence(subject, "product", product.full_name or f"{product.name} {product.version}")
    version = release(product)
    if isinstance(version, Unknown):
        return unknown(version, evidence)
    branch = f"{version[0]}.{version[1]}"
    ends = {(row.line, row.version): row.ends for row in context.tables.support}.get((product.line, branch))
    name = visible(f"{product.name} {branch}", 80)
    if ends is None:
        return unknown(f"the end of support of {name} is not in viguard's table", evidence)
    if context.now.date() > ends:
        return failed(f"general support of {name} ended on {ends}", evidence)
    return passed(evidence, reason=f"general support until {ends}")
