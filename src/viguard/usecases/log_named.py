"""What serve.yaml names: detections, policy, alerts.yaml and servers, loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from viguard import content
from viguard.alerts.load import load_alerts
from viguard.alerts.outbox import Outbox
from viguard.alerts.service import Alerting
from viguard.alerts.settings import WAYS
from viguard.alerts.settings import Settings as AlertSettings
from viguard.assess import controls as catalogue
from viguard.errors import InputError
from viguard.logs.detect.intent import Intent, intent_of
from viguard.logs.detect.offsets import Advice
from viguard.logs.detect.reading import FOLDER
from viguard.logs.detect.reading import load as load_rules
from viguard.logs.detect.rules import RuleSet
from viguard.logs.settings import Settings
from viguard.model.coverage import Told
from viguard.policy.load import load as load_policy
from viguard.policy.policy import NO_POLICY
from viguard.policy.source import read_text
from viguard.usecases.log_asking import Server
from viguard.usecases.log_estate import Estate, estate_of
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, endpoints_of, login_with, warn_of
from viguard.vsphere.credentials import Login
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection

_HTTPS = 443


def receivers_of(alerting: Alerting) -> dict[str, Told]:
    """Whom alerts reached, for audits."""
    ways = {one.name: next(way for way in WAYS if getattr(one, way)) for one in alerting.settings.receivers}
    boxes = alerting.outboxes
    return {
        name: Told(kind=way, last=box.delivered_at, failing=box.error if box.failing_since else "")
        for name, way in ways.items()
        for box in [boxes.get(name, Outbox())]
    }


def alerts_of(settings: Settings) -> AlertSettings:
    """Whom to tell; without a file nobody.

    Raises: InputError.
    """
    return load_alerts(Path(settings.alerts)) if settings.alerts else AlertSettings()


class Intended(NamedTuple):
    """What the owner intends, as far as detections mind; what is known of the estate; how often it is audited."""

    intent: Intent
    estate: Estate
    audit_every: timedelta


def intended(settings: Settings) -> Intended:
    """What policy and snapshot tell the log server.

    Raises: InputError, and whatever ViguardError the snapshot brings.
    """
    policy = load_policy(Path(settings.policy), catalogue.load()) if settings.policy else NO_POLICY
    estate = estate_of(settings.inventory, policy)
    intent = intent_of(policy, addresses=estate.addresses, relays=settings.relays, zones=estate.zones)
    Advice(intent.time_zones, intent.time_zone)  # a time zone that this machine does not know is told before it is used
    return Intended(intent, estate, timedelta(days=policy.audit_every_days))


def rules_of(folder: str) -> RuleSet:
    """viguard's own detections, and those of the site.

    Raises: InputError when there is no such folder, ContentError for what cannot be used in it.
    """
    files = content.folder(FOLDER)
    if folder:
        files += [(str(path), read_text(path)) for path in _own_rules(Path(folder))]
    return load_rules(files)


def _own_rules(folder: Path) -> Iterator[Path]:
    if not folder.exists():
        raise InputError("there is no such folder of detections", where=str(folder), hint="mend 'rules' in serve.yaml")
    found = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    yield from (path for path in found if path.suffix in {".yml", ".yaml"} and path.is_file())


def servers_of(settings: Settings, person: Person) -> list[Server]:
    """The vCenters and hosts that are asked, each with the login for it.

    Raises: InputError for an address or credentials that cannot be used.
    """
    if not settings.vcenters:
        return []
    sources = Sources(names=settings.vcenters, credentials=Path(settings.credentials) if settings.credentials else None)
    logins = login_with(sources, person)
    named = endpoints_of(settings.vcenters, sources)
    warn_of(named, logins, person)
    endpoints = map(logins.complete, named)
    return [
        Server(
            f"{endpoint.host}:{endpoint.port}" if endpoint.port != _HTTPS else endpoint.host,
            endpoint.host,
            partial(_session, endpoint, logins.login(endpoint)),
        )
        for endpoint in endpoints
    ]


def _session(endpoint: Endpoint, login: Login) -> Session:
    return Session(Connection(endpoint), login)
