"""CHAP on iSCSI. Source: report, "iSCSI network security"."""

from __future__ import annotations

from viguard.assess.context import Context
from viguard.assess.kind import expect
from viguard.assess.tally import Tally, listed
from viguard.assess.verdict import Verdict, not_applicable, unknown
from viguard.model.facts import Resource, Unknown
from viguard.model.host import Host
from viguard.model.storage import Chap, IscsiAdapter
from viguard.policy.policy import Profile

REQUIRED = "chapRequired"


def chap(subject: Resource, context: Context) -> Verdict:
    """Every iSCSI adapter, and every target with settings of its own, requires CHAP.

    ``report-2010``: the array asks the host (one-way); servers before API 4.0 tell only that CHAP is on, which is
    taken for that. ``modern``: the host asks the array too. A software adapter that is switched off does not count.
    """
    host = expect(Host, subject)
    if isinstance(host.iscsi, Unknown):
        return unknown(host.iscsi, context.evidence(host, "iscsi"))
    adapters = [a for a in host.iscsi if not (a.software and host.software_iscsi is False)]
    if not adapters:
        return not_applicable(
            "it has no iSCSI adapter", context.evidence(host, "iscsi", [a.device for a in host.iscsi])
        )
    tally = Tally()
    weak: list[str] = []
    untold: list[str] = []
    for name, setting in (pair for adapter in adapters for pair in _settings(adapter)):
        tally.see(context.evidence(host, "iscsi", _told(setting), part=f"[{name}].authenticationProperties"))
        enough = _enough(setting, context.profile)
        if enough is None:
            untold.append(name)
        elif not enough:
            weak.append(name)
    ways = "both ways" if context.profile is Profile.MODERN else "one way"
    if weak:
        tally.fail(f"CHAP is not required {ways}: {listed(weak)}")
    if untold:
        tally.miss(f"whether CHAP is required {ways} is not told: {listed(untold)}")
    return tally.verdict(f"CHAP is required {ways}")


def _settings(adapter: IscsiAdapter) -> list[tuple[str, Chap]]:
    targets = [(f"{adapter.device} {t.address} {t.iqn}".rstrip(), t.chap) for t in adapter.targets]
    return [(adapter.device, adapter.chap), *((name, c) for name, c in targets if c is not None and not c.inherited)]


def _enough(setting: Chap, profile: Profile) -> bool | None:
    if not setting.enabled or setting.one_way not in (None, REQUIRED):
        return False
    if profile is not Profile.MODERN:
        return True
    if setting.mutual not in (None, REQUIRED):
        return False
    return None if setting.one_way is None or setting.mutual is None else True


def _told(setting: Chap) -> str:
    way = setting.one_way or "not told"
    return f"enabled {str(setting.enabled).lower()}, one-way {way}, mutual {setting.mutual or 'not told'}"
