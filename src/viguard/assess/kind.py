"""Narrowing the subject of a check to the kind that its control names, and facts several checks start from."""

from __future__ import annotations

from typing import TypeVar

from viguard.assess.context import Context
from viguard.assess.operators import version
from viguard.model.facts import Fact, Reason, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.host import Hardware, Host
from viguard.model.plugged import housed
from viguard.model.server import Product

R = TypeVar("R", bound=Resource)


def expect(kind: type[R], subject: Resource) -> R:
    """The subject as the kind that the control names.

    Raises: TypeError when the control names another kind than its check judges (a defect of the content).
    """
    if not isinstance(subject, kind):
        raise TypeError(f"this check judges a {kind.__name__.lower()}, not a {type(subject).__name__.lower()}")
    return subject


def not_read(detail: str) -> Unknown:
    """An Unknown for an object or list that the snapshot lacks."""
    return Unknown(reason=Reason.NOT_READ, detail=detail)


def release(product: Fact[Product]) -> Fact[tuple[int, int]]:
    """Major and minor version of a product."""
    if isinstance(product, Unknown):
        return product
    found = version(product.version)
    return (found[0], found[1]) if found else not_read("its version is not a number")


def host_of(guest: Guest, context: Context) -> Fact[Host]:
    """The host that a guest is registered on."""
    if isinstance(guest.host, Unknown):
        return guest.host
    return context.inventory.host_of(guest) or not_read("its host was not read")


def capacity_mhz(host: Host) -> Fact[Hardware]:
    """Hardware of a host that tells its CPU."""
    if isinstance(host.hardware, Unknown):
        return host.hardware
    return host.hardware if host.hardware.total_mhz > 0 else not_read("the CPU of the host is not told")


def guests_on(host: Host, context: Context) -> Fact[list[Guest]]:
    """Guests and templates registered on a host; Unknown when any of them was not read."""
    return housed(host, context.inventory)
