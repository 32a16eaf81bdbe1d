"""Templates, and guests made without one."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.acceptance.plant.harness import Bench, Line, fails, proves
from viguard.model.result import Status

pytestmark = pytest.mark.real("lab")


@proves("template-current")
def test_old_template(main: Bench) -> None:
    def date(modified: str) -> None:  # every change through the API is one today
        main.endpoint.control("set", type="VirtualMachine", name="tmpl-debian", path="config.modified", value=modified)

    main.check(
        {"template-current": ["tmpl-debian"]},
        plant=lambda: date("2009-01-01T00:00:00Z"),
        mend=lambda: main.reconfigure("tmpl-debian", annotation="patched"),
    )


@proves("template-used-for-deploy")
def test_guest_made_from_scratch(main: Bench) -> None:
    pool = main.find(vim.ClusterComputeResource, "Scarlet Cluster").resourcePool
    folder = main.find(vim.Datacenter, "Test Datacenter").vmFolder
    spec = vim.vm.ConfigSpec(
        name="raw1",
        guestId="debian4Guest",
        memoryMB=1024,
        numCPUs=1,
        files=vim.vm.FileInfo(vmPathName="[scarlet-vmfs01]"),
    )
    main.check(
        {
            "template-used-for-deploy": ["raw1"],
            # what its template would have brought
            "vm-log-rotate-size": ["raw1"],
            "vm-log-keep-old": ["raw1"],
            "vm-max-mks-connections": ["raw1"],
            "vm-cpu-reservation-floor": ["raw1"],
        },
        plant=lambda: main.wait(folder.CreateVM_Task(config=spec, pool=pool, host=main.host(8))),
        mend=lambda: main.wait(main.guest("raw1").Destroy_Task()),
    )


@proves("template-used-for-deploy")
def test_clone_of_a_guest(main: Bench) -> None:
    source = main.guest("scarlet-web1")
    spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=False, template=False)
    main.check(
        {"template-used-for-deploy": ["copy1"]},
        plant=lambda: main.wait(source.CloneVM_Task(folder=source.parent, name="copy1", spec=spec)),
        mend=lambda: main.wait(main.guest("copy1").Destroy_Task()),
    )


def test_guest_registered_from_files_of_unknown_making(main: Bench) -> None:
    """Nobody made it here, so it is no finding; but where it comes from is not told, so it must not look fine."""
    guest, line = main.guest("www1"), Line("template-used-for-deploy", "www1")
    before = main.audit()
    assert before[line] is Status.UNKNOWN  # older than the events
    named = {"vm": {"vm": f"VirtualMachine:{guest._moId}", "name": "www1"}}
    main.endpoint.control("event", type="VmRegisteredEvent", ago_s=60, props=named)
    after = main.audit()
    assert after[line] is Status.UNKNOWN
    assert fails(after) == fails(before)
    main.settle()
