"""The lab: real vSphere SOAP servers on loopback, filled with the BELNET estate.

    import lab
    with lab.up(endpoints=["vc-main"]) as estate:
        endpoint = estate["vc-main"]

See lab/README.md. Not part of the installed product.
"""

from lab.build import LabUnavailable, missing_parts
from lab.endpoint import Account, Endpoint
from lab.launch import ENDPOINTS, Estate, clean, up

__all__ = ["ENDPOINTS", "Account", "Endpoint", "Estate", "LabUnavailable", "clean", "missing_parts", "up"]
