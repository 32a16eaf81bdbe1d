"""Who may do what, and who did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, proves

pytestmark = pytest.mark.real("lab")


ADMIN = -1


def allow(bench: Bench, entity: Any, account: str, role: int) -> None:
    permission = vim.AuthorizationManager.Permission(
        principal=bench.endpoint.account(account).user, group=False, roleId=role, propagate=True
    )
    bench.si.content.authorizationManager.SetEntityPermissions(entity, [permission])


def role(bench: Bench, name: str) -> int:
    return int(next(r.roleId for r in bench.si.content.authorizationManager.roleList if r.name == name))


@proves("access-custom-roles")
def test_person_made_administrator(four: Bench) -> None:
    root, infrastructure = four.si.content.rootFolder, role(four, "Infrastructure administrator")
    four.check(
        {"access-custom-roles": ["vcenter"]},
        plant=lambda: allow(four, root, "lclaes", ADMIN),
        mend=lambda: allow(four, root, "lclaes", infrastructure),
    )


@proves("blast-radius-shared-credential")
def test_credential_for_every_host(main: Bench) -> None:
    root, read_only = main.si.content.rootFolder, role(main, "ReadOnly")
    main.check(
        {"blast-radius-shared-credential": [main.endpoint.account("readonly").user]},
        plant=lambda: allow(main, root, "readonly", role(main, "Infrastructure administrator")),
        mend=lambda: allow(main, root, "readonly", read_only),
    )


@proves("vc-vm-access-limited")
def test_operator_rules_the_guest_of_the_vcenter(four: Bench) -> None:
    guest, manager = four.guest("vcenter2"), four.si.content.authorizationManager
    four.check(
        {"vc-vm-access-limited": ["vcenter"]},
        plant=lambda: allow(four, guest, "operator", role(four, "Guest operator")),
        mend=lambda: manager.RemoveEntityPermission(guest, four.endpoint.account("operator").user, False),
    )


@proves("access-root-use-minimised")
def test_root_logs_in(four: Bench) -> None:
    def log_in() -> None:  # from another machine than the lab's, so not through the API
        props = {"userName": "root", "ipAddress": "10.23.0.77", "sessionId": "past", "locale": "en_US"}
        four.endpoint.control("event", type="UserLoginSessionEvent", ago_s=60, props=props)

    four.check(
        {"access-root-use-minimised": ["vcenter"]},
        plant=log_in,
        mend=lambda: None,
        mended_later=timedelta(hours=25),
    )
