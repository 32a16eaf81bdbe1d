"""CHAP, and which hosts mount a volume."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

import lab
from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


CHAP = vim.host.InternetScsiHba.AuthenticationProperties


def adapter(bench: Bench, number: int) -> Any:
    found = bench.host(number).config.storageDevice.hostBusAdapter
    return next(a for a in found if isinstance(a, vim.host.InternetScsiHba))


def authenticate(bench: Bench, number: int, **chap: Any) -> None:
    storage = bench.host(number).configManager.storageSystem
    storage.UpdateInternetScsiAuthenticationProperties(adapter(bench, number).device, CHAP(**chap))


@proves("iscsi-chap-mutual")
def test_no_chap(main: Bench) -> None:
    main.check(
        {"iscsi-chap-mutual": ["esxblade1.fw.belnet.be"]},
        plant=lambda: authenticate(main, 1, chapAuthEnabled=False),
        mend=lambda: authenticate(main, 1, chapAuthEnabled=True, chapName="esxblade1", chapSecret="one-way-secret"),
    )


@proves("iscsi-chap-mutual")
def test_chap_one_way(today: Bench) -> None:
    one_way = {
        "chapAuthEnabled": True,
        "chapName": "esxblade11",
        "chapSecret": "one-way-secret",
        "chapAuthenticationType": "chapRequired",
    }
    both = {
        **one_way,
        "mutualChapName": "eqlgroup",
        "mutualChapSecret": "other-way-secret",
        "mutualChapAuthenticationType": "chapRequired",
    }
    today.check(
        {"iscsi-chap-mutual": ["esxblade11.fw.belnet.be"]},
        plant=lambda: authenticate(today, 11, **one_way, mutualChapAuthenticationType="chapProhibited"),
        mend=lambda: authenticate(today, 11, **both),
    )


@proves("san-authorisation-per-host")
def test_volume_mounted_elsewhere(main: Bench) -> None:
    # a host mounts what its array lets it see: no method adds a mount
    more = {"foreign_mounts": {"ext-vmfs01": "esxblade10.fw.belnet.be"}}
    with lab.clean("vc-main", overrides=more) as estate:
        spoiled = Bench(estate["vc-main"], proven=main.proven)
        main.differ(spoiled, {"san-authorisation-per-host": ["Main Datacenter/ext-vmfs01"]})
