"""The status as text for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from viguard.alerts.status import ReceiverStatus, SiemStatus, Status
from viguard.model.text import visible

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def metrics_of(status: Status) -> str:
    """Every number of the status, each family once with its help and type."""
    return "\n".join(_families(status)) + "\n"


def _families(status: Status) -> Iterator[str]:
    yield from _family("start_time_seconds", "gauge", "When it was started", [({}, status.started_at.timestamp())])
    yield from _family(
        "status_written_seconds", "gauge", "When the status was made", [({}, status.written_at.timestamp())]
    )
    for name, value in sorted(status.counters.items()):
        if _NAME.fullmatch(name):
            yield from _family(f"{name}_total", "counter", f"{name} since the start".replace("_", " "), [({}, value)])
    yield from _labelled("consoles_open", "Consoles open now", "guest", status.consoles)
    seen = {host: at.timestamp() for host, at in status.hosts.items()}
    yield from _labelled("host_last_seen_timestamp_seconds", "When a host was last heard", "host", seen)
    yield from _audit(status)
    yield from _labelled("alerts_open", "Open groups of alerts, silenced ones out", "severity", status.open)
    yield from _family("alerts_silenced", "gauge", "Open groups that are silenced", [({}, status.silenced)])
    yield from _family("problems", "gauge", "Troubles of viguard itself", [({}, len(status.problems))])
    yield from _flow("receiver", "notices", status.receivers)
    yield from _flow("siem", "records", status.siem)


def _audit(status: Status) -> Iterator[str]:
    """Nothing but the age when findings are not known: no zero stands for them."""
    audit = status.audit
    yield from _labelled("findings_open", "Open findings of the last audit", "severity", status.findings)
    if audit.at is None:
        return
    yield from _family(
        "audit_timestamp_seconds", "gauge", "When the facts of the last audit were read", [({}, audit.at.timestamp())]
    )
    if not audit.why:
        yield from _family("audit_complete", "gauge", "0 when the last audit lacks something", [({}, audit.complete)])
        text = "Results of the last audit that could not be known"
        yield from _family("findings_unknown", "gauge", text, [({}, audit.unknown)])


def _flow(label: str, what: str, parts: Mapping[str, ReceiverStatus] | Mapping[str, SiemStatus]) -> Iterator[str]:
    waiting = {name: p.waiting for name, p in parts.items()}
    failing = {name: p.failing_since is not None for name, p in parts.items()}
    sent = {n: p.delivered if isinstance(p, ReceiverStatus) else p.sent for n, p in parts.items()}
    lost = {n: p.dropped + (p.given_up if isinstance(p, ReceiverStatus) else p.refused) for n, p in parts.items()}
    yield from _labelled(f"{label}_{what}_waiting", f"{what} that wait", label, waiting)
    yield from _labelled(f"{label}_failing", "1 when the last try failed", label, failing)
    yield from _labelled(f"{label}_{what}_sent_total", f"{what} that were taken", label, sent, "counter")
    yield from _labelled(f"{label}_{what}_lost_total", f"{what} that were lost", label, lost, "counter")


def _labelled(name: str, text: str, label: str, values: Mapping[str, float], kind: str = "gauge") -> Iterator[str]:
    yield from _family(name, kind, text, [({label: key}, value) for key, value in values.items()])


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Iterator[str]:
    rows = [f"viguard_{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    if rows:
        yield f"# HELP viguard_{name} {text}."
        yield f"# TYPE viguard_{name} {kind}"
        yield from rows


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return visible(value).replace("\\", "\\\\").replace('"', '\\"')
