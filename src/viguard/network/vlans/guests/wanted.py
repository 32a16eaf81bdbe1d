"""A VLAN that a guest is to be in."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

from viguard.errors import InputError
from viguard.model.facts import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """A VLAN that a guest is to be in, with its addresses there in CIDR form."""

    vlan: int
    addresses: tuple[str, ...] = ()
    gateway: str = ""

    def check(self) -> None:
        """Raises: InputError for what is no VLAN or no address."""
        if not 1 <= self.vlan <= 4094:
            raise InputError(f"{self.vlan} is no VLAN (1 to 4094)")
        try:
            for address in self.addresses:
                ip_interface(address)
            if self.gateway:
                ip_address(self.gateway)
        except ValueError as error:
            raise InputError(str(error), where=f"VLAN {self.vlan}") from error
