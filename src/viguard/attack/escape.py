"""Out of a guest into its host, and from a host into its guests."""

from __future__ import annotations

from collections.abc import Iterator

from viguard.attack.estate import Estate
from viguard.attack.graph import Edge, Seen
from viguard.attack.kinds import Escape, load_escapes
from viguard.model.facts import Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.server import Product

PASSTHROUGH = ("VirtualPCIPassthrough", "VirtualSCSIPassthrough")


def edges(estate: Estate) -> Iterator[Edge]:
    """Escapes, devices of the host in guests, and hosts over their guests."""
    for guest in estate.machines:
        host = estate.inventory.host_of(guest)
        if host is None:
            estate.notes[f"the host of a guest was not read: {guest.name}"] = None
            continue
        runs = estate.seen(guest, "host", host.name)
        yield Edge("host_guests", estate.at(host), estate.at(guest), (runs,), on=guest.id)
        if guest.template is not True:  # a template becomes a guest before it runs
            yield from _escape(estate, guest, host, runs)
            yield from _passthrough(estate, guest, host, runs)


def _escape(estate: Estate, guest: Guest, host: Host, runs: Seen) -> Iterator[Edge]:
    """One step, on the flaw that needs least: one without a device goes before one with, a newer before an older."""
    ends = (estate.at(guest), estate.at(host))
    if not isinstance(host.product, Product):
        yield Edge("escape", *ends, (runs,), (f"build of the host: {host.product}",), on=host.id)
        return
    product = host.product
    rows = [row for row in load_escapes() if row.concerns(product.line, product.version)]
    build = int(product.build) if product.build.isdecimal() else None
    verdicts = [(row, None if build is None else row.open_in(build)) for row in rows]
    told = estate.seen(host, "product", f"{product.name} {product.version} build {product.build}")
    unsure = "" if rows else f"no flaw is listed for {product.name} {product.version}"
    for row, verdict in sorted(verdicts, key=lambda x: (x[1] is not True, bool(x[0].devices), -x[0].date.toordinal())):
        if verdict is False or (device := _device(guest, row)) is None:
            continue
        if verdict and not isinstance(device, Unknown):
            facts = (
                runs,
                told,
                *((estate.seen(guest, "devices", device),) if device else ()),
                _flaw(estate, host, row),
            )
            yield Edge("escape", *ends, facts, on=host.id)
            return
        why = f"devices of the guest: {device}" if isinstance(device, Unknown) else f"which build mends {row.advisory}"
        unsure = unsure or why
    if unsure:
        yield Edge("escape", *ends, (runs, told), (unsure,), on=host.id)


def _device(guest: Guest, row: Escape) -> str | Unknown | None:
    """The device of a guest that a flaw needs, "" when it needs none, None when the guest lacks it."""
    if not row.devices:
        return ""
    if isinstance(guest.devices, Unknown):
        return guest.devices
    return next((f"{d.label} ({d.type})" for d in guest.devices if d.type in row.devices), None)


def _flaw(estate: Estate, host: Host, row: Escape) -> Seen:
    through = f"mended in build {row.fixed_build}" if row.fixed_build else "no mended build told"
    return estate.told(host, "viguard content: escapes", f"{row.advisory} ({row.date}): {row.what}; {through}")


def _passthrough(estate: Estate, guest: Guest, host: Host, runs: Seen) -> Iterator[Edge]:
    for device in guest.devices if isinstance(guest.devices, tuple) else ():
        if device.type in PASSTHROUGH:
            facts = (runs, estate.seen(guest, "devices", f"{device.label} ({device.type})", f"[{device.key}]"))
            missing = ("whether the host's IOMMU confines the device",)
            yield Edge("passthrough", estate.at(guest), estate.at(host), facts, missing, on=guest.id)
