"""Whether viguard may read what it needs."""

from __future__ import annotations

from viguard.errors import InputError
from viguard.model.facts import Struct, Unknown
from viguard.usecases.person import Person
from viguard.usecases.sources import Sources, endpoints_of, login_with, server_names, warn_of
from viguard.vsphere.credentials import Credentials
from viguard.vsphere.endpoint import Endpoint
from viguard.vsphere.privileges import Privilege, lacking
from viguard.vsphere.session import Session
from viguard.vsphere.soap import Connection


class Checked(Struct, frozen=True, kw_only=True):
    """What one server lets the account do. ``undecided`` says why that cannot be told, if it cannot."""

    name: str
    user: str
    product: str
    tls: str
    missing: tuple[Privilege, ...] = ()
    undecided: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything can be read."""
        return not self.missing and not self.undecided


def check(sources: Sources, person: Person) -> list[Checked]:
    """Connect to each server, log in and out, and name each privilege that is missing.

    Raises:
        InputError: no server is named.
        SourceError: one cannot be reached, trusted or logged in to.
    """
    credentials = login_with(sources, person)
    endpoints = endpoints_of(server_names(sources, credentials), sources)
    if not endpoints:
        raise InputError("no server is named", hint="viguard config check https://vcenter.example.org")
    warn_of(endpoints, credentials, person)
    return [_check(credentials.complete(endpoint), credentials, person) for endpoint in endpoints]


def _check(endpoint: Endpoint, credentials: Credentials, person: Person) -> Checked:
    login = credentials.login(endpoint)
    person.progress(endpoint.name or endpoint.host, 0, 0)
    with Session(Connection(endpoint), login) as session:
        found = lacking(session)
        return Checked(
            name=endpoint.name or endpoint.host,
            user=login.user,
            product=f"{session.about.full_name} (API {session.version})",
            tls=endpoint.trust.mode,
            missing=() if isinstance(found, Unknown) else found,
            undecided=str(found) if isinstance(found, Unknown) else "",
        )
