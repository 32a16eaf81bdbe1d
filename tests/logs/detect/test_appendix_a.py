"""The report's Appendix A, whole: each scenario raises one alert, and so does its one deciding line alone.

Source: report, Appendix A, "Log lines to monitor the security state"; the lines are as printed there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from viguard.logs.classify import Classifier, events
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.reading import shipped
from viguard.logs.merge import Merger
from viguard.model.event import Alert, EventSeverity

AT = datetime(2010, 1, 21, 13, 54, 15, tzinfo=UTC)
VMX = "/vmfs/volumes/4b41d954-5e6a9cc1-78a2-0015c5e13bfe/el5_test01/el5_test01.vmx"
PAM_FAILURE = (
    "login[5295780]: pam_unix(login:auth): authentication failure; "
    "logname= uid=0 euid=0 tty=UNKNOWN ruser= rhost= user=root"
)

SCENARIOS: dict[str, tuple[str, EventSeverity, list[str]]] = {
    "api right": (
        "login.root",
        EventSeverity.HIGH,
        [
            "Hostd: Accepted password for user root from 0.0.0.0",
            "Hostd: [2010-01-21 13:54:14.607 19639B90 info 'ha-eventmgr'] Event 81 : User root@0.0.0.0 logged in",
        ],
    ),
    "api wrong": (
        "login.api.wrong-password",
        EventSeverity.LOW,
        ["Hostd: Rejected password for user root from 0.0.0.0"],
    ),
    "api nonexistent": (
        "login.api.nonexistent-user",
        EventSeverity.MEDIUM,
        [
            "Hostd: Rejected password for user unknown_user from 0.0.0.0",
            "Hostd: pam_unix(vmware-authd:auth): check pass; user unknown",
        ],
    ),
    "dcui right": ("login.root", EventSeverity.HIGH, ["DCUI: authentication of user root succeeded"]),
    "dcui wrong": ("login.dcui.wrong-password", EventSeverity.MEDIUM, ["DCUI: authentication of user root failed"]),
    "dcui nonexistent": (
        "login.dcui.nonexistent-user",
        EventSeverity.MEDIUM,
        ["DCUI: authentication of user berry failed", "DCUI: pam_unix(dcui:auth): check pass; user unknown"],
    ),
    "ssh right": (
        "login.root",
        EventSeverity.HIGH,
        [
            "dropbear[5298594]: PAM password auth succeeded for 'root' from 0.0.0.0:60145",
            "dropbear[5298594]: Child connection from 0.0.0.0:60145",
        ],
    ),
    "ssh wrong": (
        "login.ssh.wrong-password",
        EventSeverity.LOW,
        ["dropbear[5319566]: bad PAM password attempt for 'root' from 0.0.0.0:61598"],
    ),
    "ssh nonexistent": (
        "login.ssh.nonexistent-user",
        EventSeverity.MEDIUM,
        ["dropbear[5319249]: login attempt for nonexistent user from 0.0.0.0:61597"],
    ),
    "techsupport right": (
        "login.root",
        EventSeverity.HIGH,
        [
            "login[5295780]: root login on 'UNKNOWN'",
            "login[5295780]: pam_unix(login:session): session opened for user root by (uid=0)",
            "init: init: starting pid 5329717, tty '/dev/tty1': '/bin/sh'",
            "root: techsupport VMware Tech Support Mode available",
        ],
    ),
    "techsupport wrong": (
        "login.techsupport.wrong-password",
        EventSeverity.HIGH,
        [
            PAM_FAILURE,
        ],
    ),
    "techsupport called": (
        "techsupport.mode",
        EventSeverity.HIGH,
        ["getty[5295780]: VMware Tech Support Mode successfully accessed"],
    ),
}
"""Rule, severity and lines of each scenario; the line that decides stands first."""

ORDERS = {"api nonexistent": [1, 0], "dcui nonexistent": [1, 0], "ssh right": [1, 0], "techsupport right": [1, 0, 2, 3]}
"""The order in which the report prints the lines, where it is another."""

CONSOLES = [
    f"Hostd: [2010-01-27 14:19:52.284 48F20B90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
    "authd[30632]: login from 0.0.0.0 as 52ce0b30-c96e-f930-10ea-908e648ea268",
    "authd[30632]: Local connection for mks established.",
    f"Hostd: [2010-01-27 14:19:52.776 48C9CDC0 verbose 'vm:{VMX}'] New MKS connection count: 1",
    f"Hostd: [2010-01-27 14:21:31.613 48FA2B90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
    "authd[30996]: login from 0.0.0.0 as 52268a2d-afe8-a264-d4f6-83f8ffea3afe",
    "authd[30996]: Local connection for mks established.",
    f"Hostd: [2010-01-27 14:21:31.853 16941B90 verbose 'vm:{VMX}'] New MKS connection count: 2",
    f"Hostd: [2010-01-27 14:21:38.566 48EDFB90 info 'vm:{VMX}'] Ticket issued for mks connections to user: root",
    "authd[30997]: login from 0.0.0.0 as 52791c44-8f5c-f477-18c9-42839daccd0f",
    "authd[30997]: Local connection for mks established.",
    f"Hostd: [2010-01-27 14:21:38.799 1683DB90 verbose 'vm:{VMX}'] New MKS connection count: 3",
]


def alerts_of(lines: list[str], at: datetime = AT) -> list[Alert]:
    """Each line is received when it says that it was written, or with the one before it."""
    merger, detector, classifier, out = Merger(), Detector(shipped()), Classifier(), []
    for line in lines:
        if told := re.search(r"\[(2010-01-27 \S+) ", line):
            at = datetime.fromisoformat(told[1]).replace(tzinfo=UTC)
        out += detector.feed(merger.feed(events(classifier, f"{line}\n".encode(), at, "192.0.2.21")))
    return [*out, *detector.feed(merger.flush())]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_deciding_line_alone_raises_one_alert(name: str) -> None:
    _, severity, lines = SCENARIOS[name]
    (alert,) = alerts_of(lines[:1])
    if "nonexistent" in name and name != "ssh nonexistent":  # only the neighbour tells that there is no such user
        assert alert.rule == SCENARIOS[name][0].replace("nonexistent-user", "wrong-password")
    else:
        assert (alert.rule, alert.severity) == (SCENARIOS[name][0], severity)
    assert alert.steps
    assert alert.events[0].lines == (lines[0],)


@pytest.mark.parametrize("name", SCENARIOS)
def test_its_neighbours_only_enrich_it(name: str) -> None:
    rule, severity, lines = SCENARIOS[name]
    (alert,) = alerts_of([lines[n] for n in ORDERS.get(name, range(len(lines)))])
    assert (alert.rule, alert.severity) == (rule, severity)
    assert sorted(alert.events[0].lines) == sorted(lines)


def test_the_whole_appendix_in_its_order() -> None:
    lines = [lines[n] for name, (_, _, lines) in SCENARIOS.items() for n in ORDERS.get(name, range(len(lines)))]
    found = [alert.rule for alert in alerts_of(lines)]
    assert sorted(found) == sorted(rule for rule, _, _ in SCENARIOS.values())


def test_the_second_and_third_console_are_told_with_their_holders() -> None:
    found = alerts_of(CONSOLES)
    assert [a.rule for a in found] == ["console.multiple", "console.multiple"]
    assert [a.events[0].fields["count"] for a in found] == [2, 3]
    assert [a.events[0].fields["users"] for a in found] == ["root, root", "root, root, root"]
    assert [a.events[0].fields["source_ips"] for a in found] == ["0.0.0.0, 0.0.0.0", "0.0.0.0, 0.0.0.0, 0.0.0.0"]
    assert {a.key for a in found} == {"vm=el5_test01"}
    assert any("52268a2d" in line for line in found[0].events[0].lines)  # the evidence is whole


def test_the_first_console_raises_none() -> None:
    assert alerts_of(CONSOLES[:4]) == []


def test_without_verbose_lines_the_connections_count() -> None:
    quiet = [line for line in CONSOLES if "connection count" not in line]
    found = alerts_of(quiet)
    assert [a.events[0].fields["count"] for a in found] == [2, 3]


def test_without_connections_the_count_is_told_with_unknown_holders() -> None:
    found = alerts_of([CONSOLES[3], CONSOLES[7]])
    assert [a.events[0].fields["count"] for a in found] == [2]


GENERIC = (
    "login[1]: pam_unix(system-auth-generic:auth): authentication failure; "
    "logname= uid=0 euid=0 tty=char/tty/1 ruser= rhost=  user=root"
)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([GENERIC], "login.techsupport.wrong-password"),
        (["login[7]: invalid password for 'root' on 'UNKNOWN'"], "login.techsupport.wrong-password"),
        (["login[7]: invalid password for 'UNKNOWN' on 'UNKNOWN'"], "login.techsupport.nonexistent-user"),
        (["login[7]: FAILED LOGIN 1 FROM (null) FOR root, Authentication failure"], "login.techsupport.wrong-password"),
        ([GENERIC, "login[1]: root login on 'char/tty/1'"], "login.root"),
    ],
)
def test_tech_support_mode_of_other_versions(lines: list[str], rule: str) -> None:
    """Self-written, after BusyBox, util-linux and the PAM service of ESXi 4.1; a success takes the failure back."""
    (alert,) = alerts_of(lines)
    assert alert.rule == rule
    assert alert.severity is EventSeverity.HIGH
    assert sorted(alert.events[0].lines) == sorted(lines)


def test_the_log_of_a_guest_counts_for_the_guest_that_hostd_names() -> None:
    head = f"{VMX.rpartition('/')[0]}/vmware.log: 2010-01-27T14:19:53.900Z In(05) mks - MKSRemoteMgr: AddRemoteConsole"
    found = alerts_of([*CONSOLES[:4], f"vmx[7]: {head} (numConsoles=1)"])
    assert [(a.rule, a.key, a.events[0].fields["count"]) for a in found] == [("console.multiple", "vm=el5_test01", 2)]


def test_a_group_renamed_to_esx_admins_is_told() -> None:
    """Source: CVE-2024-37085, its second variant; Windows event 4781 as Snare sends it."""
    fields = [
        "MSWinEventLog",
        "1",
        "Security",
        "7",
        "Thu Jan 21 13:54:15 2010",
        "4781",
        "Microsoft-Windows-Security-Auditing",
    ]
    fields += ["N/A", "N/A", "Success Audit", "dc1", "User Account Management", ""]
    text = "The name of an account was changed:  Old Account Name:  Printers   New Account Name:  ESX Admins    -"
    (alert,) = alerts_of(["<14>Jan 21 13:54:15 dc1 " + "\t".join([*fields, text])])
    assert (alert.rule, alert.severity) == ("ad.esxadmins", EventSeverity.CRITICAL)
