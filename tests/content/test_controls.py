"""Each control against its own hand-written cases, and what holds for all controls."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml

from tests.content import examples
from viguard.assess import controls, targets
from viguard.assess.control import Case, Control
from viguard.assess.engine import function
from viguard.model.facts import Unknown
from viguard.model.guest import Guest
from viguard.model.host import Host
from viguard.model.result import Kind, Status
from viguard.model.server import Server
from viguard.policy.policy import Profile

CONTROLS = controls.load()
DATA = [c for c in CONTROLS.values() if c.expect]
CASES = [pytest.param(c, case, id=f"{c.id}-{n}") for c in DATA for n, case in enumerate(c.cases, 1)]
PASSES = [
    pytest.param(c, case, id=f"{c.id}-{n}") for c in DATA for n, case in enumerate(c.cases) if case.expect == "pass"
]
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "controls.yaml"


@pytest.mark.parametrize(("control", "case"), CASES)
def test_case(control: Control, case: Case) -> None:
    verdict = examples.run(control, case)
    assert verdict.status is case.expect, f"{case.where}: {verdict.reason}"
    assert case.reason in verdict.reason
    assert verdict.evidence


@pytest.mark.parametrize(("control", "case"), PASSES)
def test_removing_each_fact_of_a_pass_gives_unknown(control: Control, case: Case) -> None:
    facts = [f for f in case.facts if f != "name"] + [f"server.{f}" for f in case.server]
    assert facts
    for fact in facts:
        assert examples.run(control, case, remove=fact).status is Status.UNKNOWN, fact


@pytest.mark.parametrize(("control", "case"), CASES)
def test_no_case_passes_without_any_one_fact_of_its_subject(control: Control, case: Case) -> None:
    """Also facts that the case does not name, and that the control therefore must not need."""
    cls = targets.classes(case.kind or control.kinds[0], control.switches)[0]
    if case.expect is Status.PASS:
        return
    for field in msgspec.structs.fields(cls):
        if field.default is not msgspec.NODEFAULT and isinstance(field.default, Unknown):
            assert examples.run(control, case, remove=field.name).status is not Status.PASS, field.name


@pytest.mark.parametrize("control", DATA, ids=lambda c: c.id)
def test_every_make_and_profile_has_its_cases(control: Control) -> None:
    passes = [case for case in control.cases if case.expect is Status.PASS]
    kinds = {targets.classes(case.kind or control.kinds[0], control.switches) for case in passes}
    assert kinds == {targets.classes(kind, control.switches) for kind in control.kinds}
    if control.expect[Profile.MODERN] != control.expect[Profile.REPORT_2010]:
        assert {case.profile for case in passes} == set(Profile)


def test_exactly_the_listed_controls_cannot_be_decided_by_facts() -> None:
    listed = controls.no_source_yet()
    assert {c.id for c in CONTROLS.values() if not c.evaluable} == set(listed)
    assert len(listed) <= 33
    for id_, source in listed.items():
        assert source == ("attestation" if CONTROLS[id_].attest else CONTROLS[id_].missing)


@pytest.mark.parametrize("id_", controls.no_source_yet())
def test_a_listed_control_is_unknown_or_not_applicable_whatever_the_facts(id_: str) -> None:
    control = CONTROLS[id_]
    lines = ("esx", "embeddedEsx", "gsx")
    facts: dict[Kind, list[dict[str, object]]] = {
        Kind.HOST: [{"product": {"line": line, "version": v}} for line in lines for v in ("2.0", "3.5.0", "8.0.3")],
        Kind.GUEST: [
            {"power": power, "os_id": os} for power in ("poweredOn", "poweredOff") for os in ("win2k", "rhel5")
        ],
        Kind.VCENTER: [{"product": {"line": "vpx", "version": v}} for v in ("2.5.0", "8.0.3")],
    }
    for kind in control.kinds:
        for known in facts.get(kind, [{}]):
            for profile in Profile:
                case = Case(expect=Status.UNKNOWN, kind=kind, facts=known, profile=profile)
                verdict = examples.run(control, case)
                assert verdict.status in {Status.UNKNOWN, Status.NOT_APPLICABLE}
                assert verdict.evidence
                if verdict.status is Status.UNKNOWN and not control.attest:
                    assert verdict.reason.startswith(("no source yet", "summary.config", "config.", "runtime."))


def test_all_other_controls_can_pass_and_fail() -> None:
    for control in DATA:
        assert {Status.PASS, Status.FAIL, Status.UNKNOWN} <= {case.expect for case in control.cases}
    for control in CONTROLS.values():
        assert control.expect or control.python or not control.evaluable


@pytest.mark.parametrize("control", [c for c in CONTROLS.values() if c.python], ids=lambda c: c.id)
def test_a_function_has_its_cases_in_the_file_that_it_names(control: Control) -> None:
    text = (Path(__file__).parents[2] / control.tested_by).read_text(encoding="utf-8")
    assert function(control).__name__ in text
    assert all(word in text for word in ("PASS", "FAIL", "UNKNOWN"))


def test_single_user_boot_is_no_matter_of_esxi() -> None:
    esxi = Case(expect=Status.NOT_APPLICABLE, facts={"product": {"line": "embeddedEsx", "version": "4.0.0"}})
    classic = Case(expect=Status.UNKNOWN, facts={"product": {"line": "esx", "version": "3.5.0"}})
    for id_ in ("host-grub-password", "host-single-user-auth"):
        assert examples.run(CONTROLS[id_], esxi).status is Status.NOT_APPLICABLE
        assert examples.run(CONTROLS[id_], classic).status is Status.UNKNOWN


def test_the_advisory_of_2009_is_no_matter_of_later_products() -> None:
    control = CONTROLS["vmsa-2009-0005"]
    for version, status in (("3.5.0", "unknown"), ("2.0.2", "unknown"), ("4.0.0", "not_applicable")):
        case = Case(expect=Status(status), facts={"product": {"line": "esx", "version": version}})
        assert examples.run(control, case).status == status


def test_a_windows_guest_needs_no_answer_about_x() -> None:
    control = CONTROLS["guest-no-x-or-screensaver"]
    windows = Case(expect=Status.NOT_APPLICABLE, facts={"os_id": "winNetStandardGuest"})
    linux = Case(expect=Status.UNKNOWN, facts={"os_id": "rhel5Guest"})
    assert examples.run(control, windows).status is Status.NOT_APPLICABLE
    assert examples.run(control, linux).status is Status.UNKNOWN


def test_classic_esx_shows_its_product_where_lockdown_does_not_exist() -> None:
    case = Case(expect=Status.UNKNOWN, facts={"product": {"line": "esx", "version": "3.5.0"}})
    verdict = examples.run(CONTROLS["host-root-lockdown"], case)
    assert ("summary.config.product.productLineId", "esx") in [(e.property, e.value) for e in verdict.evidence]


def test_every_text_is_for_people() -> None:
    for control in CONTROLS.values():
        assert control.why.endswith("."), control.id
        assert len(control.title) <= 90, control.id
        assert control.section == "modern" or control.references.get("report"), control.id


def test_the_models_of_a_control_are_known() -> None:
    assert targets.classes(Kind.GUEST, "") == (Guest,)
    assert targets.classes(Kind.HOST, "") == (Host,)
    assert targets.classes(Kind.VCENTER, "") == (Server,)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference folder is not here")
def test_every_control_of_the_report_and_the_severe_modern_ones_are_there() -> None:
    with REFERENCE.open(encoding="utf-8") as file:
        known = yaml.load(file, Loader=yaml.CSafeLoader)["controls"]
    report = {c["id"] for c in known if c["section"] == "seed"}
    severe = {
        c["id"]
        for c in known
        if c["section"] == "modern" and c["channel"] == "vim" and c["severity"] in {"high", "critical"}
    }
    assert (len(report), len(severe)) == (61, 36)
    assert set(CONTROLS) == report | severe | {"test-separate"}
    for control in known:
        if control["id"] in CONTROLS:
            assert CONTROLS[control["id"]].severity == control["severity"], control["id"]
