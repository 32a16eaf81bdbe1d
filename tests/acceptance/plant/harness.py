"""One server of the lab under test: audited, spoiled through the API, audited again, mended, audited again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

import lab
from viguard.assess import controls
from viguard.assess.engine import assess
from viguard.collect.run import Collector
from viguard.model.derived import Derived
from viguard.model.inventory import Inventory
from viguard.model.result import Kind, Result, Status
from viguard.policy.load import load
from viguard.policy.policy import Policy
from viguard.vsphere.credentials import Credentials, Entry
from viguard.vsphere.endpoint import parse_endpoint

POLICY = load(Path(lab.__file__).parent / "belnet" / "policy.yaml")
PARTS = frozenset({Kind.SWITCH, Kind.PORT_GROUP, Kind.DATASTORE})

proves = pytest.mark.proves
"""Names the controls whose fault a test plants."""


class Line(NamedTuple):
    """What a result is about: the control, and the short name of its resource."""

    control: str
    name: str


def short(result: Result) -> str:
    """The last step of a resource's path; two steps for what stands in a host or datacenter."""
    if result.resource.kind in {Kind.ESTATE, Kind.VCENTER}:
        return result.resource.kind
    steps = result.resource.path.split("/")
    return "/".join(steps[-2:]) if result.resource.kind in PARTS else steps[-1]


def collect(*servers: lab.Endpoint, account: str = "auditor", later: timedelta = timedelta()) -> Inventory:
    """What an account reads of some servers, as if it were ``later``."""
    entries = tuple(
        Entry(url=s.url, user=s.account(account).user, password=s.account(account).password, ca=str(s.ca_file))
        for s in servers
    )
    reading = Collector(Credentials(entries=entries, environment={}), now=lambda: datetime.now(UTC) + later)
    return reading.to_memory([parse_endpoint(s.url) for s in servers])


class Bench:
    """Servers of one estate, freshly started, and their audit before anything was planted.

    ``si`` is the administrator's connection to the first of them, ``proven`` collects the controls that were planted.
    """

    def __init__(self, *servers: lab.Endpoint, proven: set[str], policy: Policy = POLICY) -> None:
        self.servers, self.policy, self.proven = servers, policy, proven
        self.endpoint = servers[0]
        self.si = self.endpoint.connect("administrator")
        self.before: dict[Line, Status] = {}

    def audit(self, later: timedelta = timedelta()) -> dict[Line, Status]:
        """The status of every result, as if it were ``later``."""
        inventory = collect(*self.servers, later=later)
        now = datetime.now(UTC) + later
        found = assess(inventory, self.policy, Derived(), controls.load(), (), now).results
        name = short if len(self.servers) == 1 else lambda r: r.resource.path
        lines = {Line(r.control, name(r)): r.status for r in found}
        assert len(lines) == len(found), "two resources have one short name"
        return lines

    def check(
        self,
        findings: Mapping[str, Iterable[str]],
        *,
        plant: Callable[[], object],
        mend: Callable[[], object],
        gone: Mapping[str, Iterable[str]] | None = None,
        mended_later: timedelta = timedelta(),
    ) -> None:
        """Plant a fault: exactly ``findings`` (names by control) appear, exactly ``gone`` go. Mend it: all as before.

        ``mended_later`` is how much later the last audit is, for faults that only time mends; it may mend others too.
        """
        before = self.before = self.before or self.audit()
        try:
            plant()
            spoiled = self.audit()
        finally:
            mend()
        assert fails(spoiled) - fails(before) == _lines(findings)
        assert fails(before) - fails(spoiled) == _lines(gone or {})
        after = self.audit(mended_later)
        if mended_later:
            assert fails(after) == fails(before)
        else:
            assert _changes(before, after) == {}
        self.proven.update(findings)

    def settle(self) -> None:
        """Take what is now as the start: the demo's own faults that a test mended first are no longer there."""
        self.before = {}

    def differ(self, spoiled: Bench, findings: Mapping[str, Iterable[str]]) -> None:
        """Exactly ``findings`` are there in the same estate started with a fault, for faults that no method plants."""
        before, after = self.before or self.audit(), spoiled.audit()
        assert fails(after) - fails(before) == _lines(findings)
        assert fails(before) - fails(after) == set()
        self.proven.update(findings)

    def find(self, kind: Any, name: str) -> Any:
        """The managed object of that kind and name."""
        content = self.si.RetrieveContent()
        view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
        try:
            return next(o for o in view.view if o.name == name)
        finally:
            view.Destroy()

    def host(self, number: int) -> Any:
        """esxblade<number>."""
        return self.find(vim.HostSystem, f"esxblade{number}.fw.belnet.be")

    def guest(self, name: str) -> Any:
        """A guest or template."""
        return self.find(vim.VirtualMachine, name)

    def wait(self, task: Any) -> Any:
        """The result of a task."""
        WaitForTask(task, self.si)
        return task.info.result

    def reconfigure(self, guest: str, **spec: Any) -> None:
        """Change a guest's configuration."""
        self.wait(self.guest(guest).ReconfigVM_Task(vim.vm.ConfigSpec(**spec)))


def fails(lines: Mapping[Line, Status]) -> set[Line]:
    """The findings among some results."""
    return {line for line, status in lines.items() if status is Status.FAIL}


def _lines(findings: Mapping[str, Iterable[str]]) -> set[Line]:
    return {Line(control, name) for control, names in findings.items() for name in names}


def _changes(before: Mapping[Line, Status], after: Mapping[Line, Status]) -> dict[Line, tuple[Status | None, ...]]:
    pairs = {line: (before.get(line), after.get(line)) for line in {*before, *after}}
    return {line: pair for line, pair in pairs.items() if pair[0] is not pair[1]}
