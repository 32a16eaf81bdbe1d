from __future__ import annotations

from datetime import date

import msgspec
import pytest

from tests.assess import estates
from tests.assess.estates import NOW, control, guest, host, inventory, server
from viguard.assess.control import Control, Read, Unset
from viguard.assess.engine import Assessment, assess, function, result_id
from viguard.errors import ContentError
from viguard.model.access import Access, Permission, Role
from viguard.model.derived import Derived
from viguard.model.facts import Reason, Resource, Unknown
from viguard.model.guest import Guest
from viguard.model.network import DistributedSwitch, DvPortGroup, StandardPortGroup, StandardSwitch
from viguard.model.result import Kind, Result, Status
from viguard.model.server import Cluster
from viguard.policy.policy import NO_POLICY, Approved, Attestation, Limits, Policy, Profile


def run(*records: Resource, by: Control, policy: Policy = NO_POLICY) -> list[Result]:
    return list(whole(*records, by=by, policy=policy).results)


def whole(*records: Resource, by: Control, policy: Policy = NO_POLICY) -> Assessment:
    return assess(inventory(*records), policy, Derived(), {by.id: by}, [], NOW)


def statuses(kind: Kind, *records: Resource, switches: str = "") -> list[tuple[str, str]]:
    by = msgspec.structs.replace(
        control(kind=kind, read=Read(path="name", operators={"nonempty": True})), switches=switches
    )
    return [(r.resource.kind, r.resource.id) for r in run(*records, by=by)]


def test_a_result_says_what_was_read_when_and_from_where() -> None:
    [result] = run(guest(keep_old="50"), by=control())
    assert result.status is Status.FAIL
    assert result.reason == "log.keepOld is 50, must be at most 10"
    assert (result.resource.kind, result.resource.path, result.profile) == ("guest", "/a/web", "modern")
    [evidence] = result.evidence
    assert evidence.property == "config.extraConfig[log.keepOld]"
    assert (evidence.value, evidence.read_at, evidence.source) == ("50", NOW, "a")


def test_an_id_stays_and_differs_by_control_and_resource() -> None:
    assert result_id("a", "b") == result_id("a", "b")
    assert len({result_id("a", "b"), result_id("a", "c"), result_id("b", "b"), result_id("ab", "")}) == 4
    prefix, digits = result_id("a", "b").split("-")
    assert (prefix, len(digits)) == ("VG", 12)
    assert int(digits, 16)


def test_two_servers_with_the_same_moids_give_two_results() -> None:
    results = run(guest("a:vm-1"), guest("b:vm-1"), by=control())
    assert len({r.id for r in results}) == 2


def test_hostile_names_are_carried_as_they_are() -> None:
    name = "\x1b[31m<script>/../" + "A" * 10_000
    [result] = run(guest(name=name, keep_old="\x1b[2J"), by=control())
    assert result.resource.name == name
    assert "\x1b" not in result.reason
    assert len(result.reason) < 300


def test_a_control_without_resources_yields_nothing_and_is_named() -> None:
    assessment = whole(host(), by=control())
    assert assessment.results == ()
    assert assessment.unjudged == ("keep",)


def test_failing_wins_over_unknown_when_the_failing_fact_was_read() -> None:
    both = Read(path="consoles", operators={"max": 1})
    keep = Read(path="extra_config[log.keepOld]", operators={"max": 10})
    by = msgspec.structs.replace(control(), expect=dict.fromkeys(Profile, (both, keep)))
    assert run(guest(keep_old="50"), by=by)[0].status is Status.FAIL
    assert run(guest(keep_old="5"), by=by)[0].status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("unset", "status"),
    [(Unset.PASS, Status.PASS), (Unset.FAIL, Status.FAIL), (Unset.UNKNOWN, Status.UNKNOWN)],
)
def test_what_unset_means_is_in_the_data(unset: Unset, status: Status) -> None:
    by = control(read=Read(path="extra_config[log.keepOld]", operators={"max": 10}, unset=unset))
    assert run(guest(keep_old=None), by=by)[0].status is status


def test_a_default_is_judged_when_unset() -> None:
    for default, status in ((10, Status.PASS), (20, Status.FAIL)):
        by = control(read=Read(path="extra_config[log.keepOld]", operators={"max": 10}, default=default))
        assert run(guest(keep_old=None), by=by)[0].status is status


def test_a_property_that_the_version_lacks_is_unknown_unless_the_data_says_otherwise() -> None:
    lacking = Unknown(reason=Reason.NOT_IN_VERSION, detail="API 2.5 does not know it")
    subject = msgspec.structs.replace(guest(), consoles=lacking)
    plain = Read(path="consoles", operators={"max": 1})
    [result] = run(subject, by=control(read=plain))
    assert result.status is Status.UNKNOWN
    [result] = run(subject, by=control(read=msgspec.structs.replace(plain, not_in_version=Status.NOT_APPLICABLE)))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "API 2.5 does not know it")
    other = msgspec.structs.replace(guest(), consoles=Unknown(reason=Reason.NO_PERMISSION))
    [result] = run(other, by=control(read=msgspec.structs.replace(plain, not_in_version=Status.NOT_APPLICABLE)))
    assert result.status is Status.UNKNOWN


def test_the_policy_overrides_and_is_named() -> None:
    expected = {"max": {"policy": "limits.log_count", "else": 10}}
    by = control(read=Read(path="extra_config[log.keepOld]", operators=expected))
    assert run(guest(keep_old="20"), by=by)[0].status is Status.FAIL
    policy = Policy(file="policy.yaml", limits=Limits(log_count=30), lines={"limits.log_count": 7})
    [result] = run(guest(keep_old="20"), by=by, policy=policy)
    assert (result.status, result.policy) == (Status.PASS, "policy.yaml:7 (limits.log_count)")


def test_what_the_policy_leaves_undecided_is_unknown() -> None:
    by = control(kind=Kind.HOST, read=Read(path="name", operators={"subset": "policy.approved.kernel_modules"}))
    [result] = run(host(), by=by)
    assert result.status is Status.UNKNOWN
    assert "approved.kernel_modules" in result.reason
    assert run(host(), by=by, policy=Policy(approved=Approved(kernel_modules=("a:h1",))))[0].status is Status.PASS


def test_old_products_are_judged_by_the_report() -> None:
    records = [
        server("a", "2.5"),
        server("b", "8.0.3.0"),
        host("a:old", "3.5.0", "esx"),
        host("b:new", "8.0.3"),
        guest("a:1", on="a:old"),
        guest("b:1", on="b:new"),
        guest("a:2"),
        guest("b:2"),
        guest("c:1"),
    ]
    found = {r.resource.id: r.profile for r in run(*records, by=control())}
    assert found == {
        "a:1": "report-2010",
        "a:2": "report-2010",
        "b:1": "modern",
        "b:2": "modern",
        "c:1": "modern",
    }
    forced = run(*records, by=control(), policy=Policy(profile=Profile.REPORT_2010))
    assert {r.profile for r in forced} == {"report-2010"}


@pytest.mark.parametrize(
    ("version", "profile"),
    [("3.5.0", "report-2010"), ("4.1.0", "report-2010"), ("5.0.0", "modern"), ("5.0", "modern"), ("9.0.0", "modern")],
)
def test_version_five_is_modern(version: str, profile: str) -> None:
    by = control(kind=Kind.HOST, read=Read(path="name", operators={"nonempty": True}))
    assert run(host(version=version), by=by)[0].profile == profile
    by_server = control(kind=Kind.VCENTER, read=Read(path="name", operators={"nonempty": True}))
    assert run(server("a", version), by=by_server)[0].profile == profile


def test_the_estate_is_old_only_when_every_server_is() -> None:
    by = control(kind=Kind.ESTATE, read=Read(path="name", operators={"equals": "estate"}))
    [result] = run(server("a", "2.5"), by=by)
    assert (result.profile, result.resource.path, result.status) == ("report-2010", "/", "pass")
    assert run(server("a", "2.5"), server("b", "8.0.3.0"), by=by)[0].profile == "modern"
    assert run(by=by)[0].profile == "modern"


def test_each_kind_judges_its_own() -> None:
    named = {"name": "n", "path": "/a/n", "server": "a"}
    records: list[Resource] = [
        server("a"),
        server("h", line="embeddedEsx"),
        guest("a:g"),
        Guest(id="a:t", template=True, **named),
        StandardSwitch(id="a:s", host="a:h1", **named),
        DistributedSwitch(id="a:d", **named),
        StandardPortGroup(id="a:sp", host="a:h1", switch="v", **named),
        DvPortGroup(id="a:dp", **named),
        DvPortGroup(id="a:up", uplink=True, **named),
        Cluster(id="a:c", **named),
        Cluster(id="a:lone", lone=True, **named),
        Role(id="a:r", role_id=10, **named),
        Role(id="a:admin", role_id=-1, system=True, **named),
        Access(id="a:x", permissions=(Permission(entity="a", principal="BELNET\\ops", role_id=10),), **named),
    ]
    assert statuses(Kind.VCENTER, *records) == [("vcenter", "a")]
    assert statuses(Kind.GUEST, *records) == [("guest", "a:g")]
    assert statuses(Kind.TEMPLATE, *records) == [("template", "a:t")]
    assert statuses(Kind.SWITCH, *records) == [("switch", "a:s"), ("switch", "a:d")]
    assert statuses(Kind.SWITCH, *records, switches="standard") == [("switch", "a:s")]
    assert statuses(Kind.PORT_GROUP, *records) == [("port_group", "a:sp"), ("port_group", "a:dp")]
    assert statuses(Kind.PORT_GROUP, *records, switches="distributed") == [("port_group", "a:dp")]
    assert statuses(Kind.CLUSTER, *records) == [("cluster", "a:c")]
    assert statuses(Kind.ROLE, *records) == [("role", "a:r")]
    assert statuses(Kind.ACCOUNT, *records) == [("account", "a:user:BELNET\\ops")]
    assert statuses(Kind.ESTATE, *records) == [("estate", "estate")]


def test_an_attestation_answers_what_facts_do_not() -> None:
    by = msgspec.structs.replace(control(), expect={}, needs=("vault",))
    statement = Attestation(
        control="keep", statement="seen on paper", owner="Ann", dated=date(2026, 1, 1), expires=date(2027, 1, 1)
    )
    [result] = run(guest(), by=by, policy=Policy(attestations=(statement,)))
    assert result.status is Status.ATTESTED
    assert "Ann" in result.reason
    assert run(guest(), by=by)[0].reason == "no source yet: needs the password vault"


def test_an_attestation_never_hides_a_failure() -> None:
    statement = Attestation(
        control="keep", statement="fine", owner="Ann", dated=date(2026, 1, 1), expires=date(2027, 1, 1)
    )
    [result] = run(guest(keep_old="50"), by=control(), policy=Policy(attestations=(statement,)))
    assert result.status is Status.FAIL


def test_a_function_that_does_not_exist_is_a_defect_of_content() -> None:
    for name in ("nowhere.at_all", "cpu.no_such_function"):
        broken = msgspec.structs.replace(control(), expect={}, python=name, where="controls/x.yaml:3")
        with pytest.raises(ContentError, match=name):
            function(broken)


def test_conditions_choose_the_expectation() -> None:
    when = (Read(path="product.version", operators={"version_min": "6.0"}),)
    read = Read(path="lockdown_mode", operators={"equals": "lockdownNormal"}, when=when)
    by = control(kind=Kind.HOST, read=read)
    assert run(host(version="5.5.0"), by=by)[0].status is Status.UNKNOWN
    locked = msgspec.structs.replace(host(), lockdown_mode="lockdownNormal")
    [result] = run(locked, by=by)
    assert result.status is Status.PASS
    assert [e.property for e in result.evidence] == ["config.lockdownMode", "summary.config.product.version"]
    assert run(msgspec.structs.replace(locked, product=estates.host().tags), by=by)[0].status is Status.UNKNOWN
