"""Which interfaces carry management, vMotion and the like, against a template: by port group, not by number."""

from __future__ import annotations

from viguard.model.change import ApiCall, Risk, Step
from viguard.model.facts import Reason, Unknown
from viguard.model.host import Host
from viguard.model.plugged import interfaces
from viguard.model.text import visible

_SELECT, _DESELECT, _OF = "SelectVnicForNicType", "DeselectVnicForNicType", "HostVirtualNicManager"


def service_steps(template: Host, host: Host, order: int) -> tuple[list[Step], list[str], list[str]]:
    """Steps that give each service the template's interfaces, what takes a person, and what is not known."""
    theirs, own, nics = _by_service(template), _by_service(host), interfaces(host)
    if isinstance(theirs, Unknown) and theirs.reason is Reason.NOT_IN_VERSION:
        return _vmotion(template, host, order)  # before API 4.0 only vMotion is told
    for fact in (theirs, own, nics):
        if isinstance(fact, Unknown):
            return [], [], [f"the services of its interfaces: {fact}"]
    assert isinstance(theirs, dict)  # noqa: S101  (for mypy)
    assert isinstance(own, dict)  # noqa: S101
    assert isinstance(nics, list)  # noqa: S101
    devices = {n.port_group or n.dv_port_group: n.device for n in nics}
    steps, by_hand = [], []
    for service in sorted(theirs.keys() | own.keys()):
        wanted, held = theirs.get(service, frozenset()), own.get(service, frozenset())
        # Some services take one interface, which a second would push out: first off, then on. Never without management.
        off, on = (order + 1, order) if service == "management" else (order, order + 1)
        missing = sorted(group for group in wanted - held if group not in devices)
        by_hand += [f"no interface for {service} on {visible(g, 60)}, as the template has one" for g in missing]
        if missing and not wanted & held:
            continue  # what has it now is all that can have it
        steps += [_step(host, template, off, service, devices[group], on=False) for group in sorted(held - wanted)]
        steps += [
            _step(host, template, on, service, devices[group], on=True)
            for group in sorted(wanted - held)
            if group in devices
        ]
    return steps, by_hand, []


def _by_service(host: Host) -> dict[str, frozenset[str]] | Unknown:
    nics = interfaces(host)
    if isinstance(host.vmkernel_services, Unknown):
        return host.vmkernel_services
    if isinstance(nics, Unknown):
        return nics
    group = {n.device: n.port_group or n.dv_port_group for n in nics}
    return {
        s.service: frozenset(group[d] for d in s.devices if d in group) for s in host.vmkernel_services if s.devices
    }


def _step(  # noqa: PLR0913  (who, like whom, what, when)
    host: Host, template: Host, order: int, service: str, device: str, *, on: bool
) -> Step:
    arguments = {"nicType": service, "device": device}
    outage = service == "management" and not on
    return Step(
        order=order,
        resource=host.id,
        name=host.name,
        property=f"{service} on {device}",
        before=not on,
        after=on,
        call=ApiCall(method=_SELECT if on else _DESELECT, of=_OF, arguments=arguments),
        rollback=ApiCall(method=_DESELECT if on else _SELECT, of=_OF, arguments=arguments),
        risk=Risk.OUTAGE if outage else Risk.SHORT,
        reason=f"as {visible(template.name, 60)} has it",
    )


def _vmotion(template: Host, host: Host, order: int) -> tuple[list[Step], list[str], list[str]]:
    theirs, own, nics = _vmotion_group(template), _vmotion_group(host), interfaces(host)
    if isinstance(theirs, Unknown) or isinstance(own, Unknown) or isinstance(nics, Unknown):
        why = theirs if isinstance(theirs, Unknown) else own if isinstance(own, Unknown) else nics
        return [], [], [f"which interface has vMotion: {why}"]
    if theirs == own:
        return [], [], []
    device = {n.port_group: n.device for n in nics}.get(theirs or "")
    if theirs and device is None:
        return [], [f"no interface for vmotion on {visible(theirs, 60)}, as the template has one"], []
    before = host.vmotion_device if isinstance(host.vmotion_device, str) else None
    step = Step(
        order=order,
        resource=host.id,
        name=host.name,
        property="vmotion",
        before=before,
        after=device,
        call=_vmotion_call(device),
        rollback=_vmotion_call(before),
        risk=Risk.SHORT,
        reason=f"as {visible(template.name, 60)} has it",
    )
    return [step], [], []


def _vmotion_call(device: str | None) -> ApiCall:
    if device is None:
        return ApiCall(method="DeselectVnic", of="HostVMotionSystem")
    return ApiCall(method="SelectVnic", of="HostVMotionSystem", arguments={"device": device})


def _vmotion_group(host: Host) -> str | Unknown | None:
    nics = interfaces(host)
    if isinstance(host.vmotion_device, Unknown):
        return host.vmotion_device
    if isinstance(nics, Unknown):
        return nics
    return next((n.port_group for n in nics if n.device == host.vmotion_device), None)
