"""One fact, many lines: one event. Expected results are read off the report's Appendix A and the classes' notes."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.detect.tell import START, event
from viguard.logs.merge import MOST_LINES, Merger
from viguard.model.event import Event, EventSeverity, Outcome


def merged(*events: Event) -> list[Event]:
    merger = Merger()
    return [*merger.feed(events), *merger.flush()]


def accepted(at: float = 0, **told: object) -> Event:
    line = f"{at} Hostd: Accepted password for user root from 192.0.2.7"
    return event(
        "login.success.api", at, line, **{"user": "root", "source_ip": "192.0.2.7", "program": "Hostd", **told}
    )


def eventmgr(at: float = 0, number: int = 81, **told: object) -> Event:
    line = f"{at} Hostd: Event {number} : User root@192.0.2.7 logged in"
    told = {"user": "root", "source_ip": "192.0.2.7", "program": "Hostd", "event_id": number, **told}
    return event("login.success.api", at, line, **told)


def rejected(user: str, at: float = 0, **told: object) -> Event:
    line = f"{at} Hostd: Rejected password for user {user} from 192.0.2.7"
    told = {"user": user, "source_ip": "192.0.2.7", "program": "Hostd", **told}
    return event("login.failure.api", at, line, **told)


def unknown_user(at: float = 0, **told: object) -> Event:
    line = f"{at} Hostd: pam_unix(vmware-authd:auth): check pass; user unknown"
    return event("auth.detail", at, line, **{"program": "Hostd", "reason": "unknown-user", **told})


class TestDetails:
    def test_unknown_user_refines_the_rejection_that_follows(self) -> None:
        (one,) = merged(unknown_user(0), rejected("unknown_user", 0.3))
        assert one.event == "login.failure.api"
        assert one.fields["reason"] == "unknown-user"
        assert one.fields["user_exists"] == "false"
        assert [line.partition(": ")[2][:4] for line in one.lines] == ["Reje", "pam_"]  # what decided stands first

    def test_without_such_a_line_the_password_was_wrong(self) -> None:
        (one,) = merged(rejected("root"))
        assert (one.fields["reason"], one.fields["user_exists"]) == ("bad-password", "true")

    def test_a_name_that_nobody_vouches_for_may_not_exist(self) -> None:
        (one,) = merged(rejected("berry"))
        assert one.fields["reason"] == "bad-password"
        assert "user_exists" not in one.fields

    def test_the_line_without_a_reason_says_it_in_words(self) -> None:
        detail = msgspec.structs.replace(unknown_user(), fields={})
        assert merged(detail, rejected("berry"))[0].fields["reason"] == "unknown-user"

    def test_it_explains_one_rejection_only(self) -> None:
        first, second = merged(unknown_user(0), rejected("nobody", 0.1), rejected("root", 0.2))
        assert (first.fields["reason"], second.fields["reason"]) == ("unknown-user", "bad-password")

    def test_a_wrong_password_just_before_keeps_its_reason(self) -> None:
        first, second = merged(rejected("root", 0), unknown_user(0.4), rejected("nobody", 0.5))
        assert (first.fields["reason"], second.fields["reason"]) == ("bad-password", "unknown-user")

    def test_two_unknown_users_each_have_their_line(self) -> None:
        found = merged(unknown_user(0), unknown_user(0.1), rejected("a", 0.2), rejected("b", 0.3))
        assert [e.fields["reason"] for e in found] == ["unknown-user", "unknown-user"]
        assert [len(e.lines) for e in found] == [2, 2]

    def test_two_seconds_are_the_limit(self) -> None:
        detail, login = merged(unknown_user(0), rejected("berry", 2.1))
        assert (detail.event, login.fields["reason"]) == ("auth.detail", "bad-password")

    @pytest.mark.parametrize("other", [{"program": "DCUI"}, {"host": "esx2"}, {"pid": 8}, {"user": "berry"}])
    def test_another_program_host_process_or_user_is_not_explained(self, other: dict[str, object]) -> None:
        assert len(merged(unknown_user(0, **other), rejected("root", 0.1, pid=7))) == 2

    def test_late_detail_of_the_same_process_attaches(self) -> None:
        login = event("login.failure.ssh", 0, "sshd: Failed password", program="sshd", pid=4, user="berry")
        detail = event("auth.detail", 0, "sshd: pam", program="sshd", pid=4, reason="unknown-user")
        (one,) = merged(login, detail)
        assert one.fields["reason"] == "unknown-user"

    def test_a_pam_failure_before_a_success_is_no_failure(self) -> None:
        pam = event("auth.detail", 0, "DCUI: pam_unix: authentication failure", program="DCUI", reason="bad-password")
        success = event("login.success.dcui", 0.2, "DCUI: succeeded", program="DCUI", user="root")
        (one,) = merged(pam, success)
        assert (one.event, one.outcome) == ("login.success.dcui", Outcome.SUCCESS)
        assert "reason" not in one.fields
        assert len(one.lines) == 2

    def test_a_failure_that_only_pam_told_is_refuted_by_the_success_of_the_process(self) -> None:
        pam = event(
            "login.failure.shell", 0, "login: pam_unix(login:auth): failure", program="login", pid=9, user="root"
        )
        success = event("login.success.shell", 0.5, "login: root login on 'tty1'", program="login", pid=9, user="root")
        (one,) = merged(pam, success)
        assert (one.event, one.outcome, len(one.lines)) == ("login.success.shell", Outcome.SUCCESS, 2)

    def test_a_real_failure_before_a_success_stays(self) -> None:
        assert [e.event for e in merged(rejected("root", 0), accepted(1))] == ["login.failure.api", "login.success.api"]

    def test_alone_it_stays_what_it_is(self) -> None:
        assert [e.event for e in merged(unknown_user())] == ["auth.detail"]


class TestSameFact:
    def test_accepted_and_eventmgr_are_one_login(self) -> None:
        (one,) = merged(accepted(0), eventmgr(0.2))
        assert len(one.lines) == 2
        assert "Accepted" in one.lines[0]

    def test_as_printed_in_the_report_without_time_and_host(self) -> None:
        first = msgspec.structs.replace(accepted(), time=None, host="", received_at=START)
        second = msgspec.structs.replace(eventmgr(-500_000_000), host="", received_at=START)
        (one,) = merged(first, second)
        assert one.time == second.time

    def test_pam_session_and_root_login_are_one_login(self) -> None:
        session = event("login.success.shell", 0, "login[9]: pam_unix(login:session): session opened for user root")
        login = event("login.success.shell", 0, "login[9]: root login on 'UNKNOWN'", tty="UNKNOWN")
        session, login = (msgspec.structs.replace(e, program="login", pid=9, user="root") for e in (session, login))
        shell = event(
            "shell.process.started", 0.1, "init: starting pid 7, tty '/dev/tty1'", program="init", child_pid=7
        )
        ready = event("techsupport.available", 0.1, "root: techsupport VMware Tech Support Mode available")
        (one,) = merged(session, login, shell, ready)
        assert one.event == "login.success.shell"
        assert len(one.lines) == 4
        assert one.fields["child_pid"] == 7

    def test_support_mode_without_a_login_is_told(self) -> None:
        assert [e.event for e in merged(event("techsupport.available"))] == ["techsupport.available"]

    def test_four_lines_of_enabled_ssh_two_with_the_user(self) -> None:
        found = merged(
            event("service.ssh.enabled", 0, "SSH: SSH login enabled", program="SSH"),
            event("service.ssh.enabled", 0.1, "vobd: [UserLevelCorrelator] 9us: [vob.x] enabled", program="vobd"),
            event("service.ssh.enabled", 0.1, "vobd: 9us: [esx.audit.ssh.enabled] SSH enabled", program="vobd"),
            event("service.ssh.enabled", 0.9, "hostd: service", program="Hostd", user="root", source_ip="192.0.2.7"),
        )
        (one,) = found
        assert (one.user, one.source_ip, len(one.lines)) == ("root", "192.0.2.7", 4)

    def test_vcenter_tells_the_same_with_the_full_name_and_from_elsewhere(self) -> None:
        own = accepted(0, host="esx1", sender="198.51.100.1")
        told = event(
            "login.success.api", 1, "vpxd: Event", host="ESX1.example.org", program="vpxd", sender="198.51.100.9",
            user="root", source_ip="192.0.2.7",
        )  # fmt: skip
        assert len(merged(own, told)) == 1

    def test_a_sender_cannot_add_to_what_another_told(self) -> None:
        found = merged(accepted(0, sender="198.51.100.1"), eventmgr(0.1, sender="198.51.100.66"))
        assert len(found) == 2

    def test_one_session_is_one_event_even_late(self) -> None:
        merger = Merger(window=timedelta(seconds=10))
        found = merger.feed([accepted(0, session="52f0"), eventmgr(9, session="52f0")])
        assert [len(e.lines) for e in [*found, *merger.flush()]] == [2]
        slow = eventmgr(2.5, session="52f0", host="esx1.example.org", received_at=START)
        apart = msgspec.structs.replace(slow, time=START - timedelta(seconds=2.5))
        (one,) = merged(accepted(0, session="52f0"), apart)
        assert len(one.lines) == 2

    def test_the_worst_severity_and_the_address_that_is_not_its_own_win(self) -> None:
        local = accepted(0, source_ip="127.0.0.1")
        assert len(merged(local, eventmgr(0.1))) == 2  # two known addresses: two logins
        quiet = accepted(0, source_ip=None)
        (one,) = merged(quiet, eventmgr(0.1, severity=EventSeverity.HIGH))
        assert (one.source_ip, one.severity) == ("192.0.2.7", EventSeverity.HIGH)

    @pytest.mark.parametrize("program", ["sshd", "sshd-session"])
    def test_openssh_on_esxi_7_tells_one_login_in_three_processes_and_by_two_programs(self, program: str) -> None:
        told = {"user": "root", "program": program}
        found = merged(
            event("connection.opened.ssh", 0, "sshd: Connection from", program=program, pid=1, source_ip="192.0.2.7"),
            event("login.success.ssh", 0.1, "sshd: Accepted", pid=1, source_ip="192.0.2.7", source_port=58471, **told),
            event("login.success.ssh", 0.2, "sshd: pam session opened", pid=2, **told),
            event("login.success.ssh", 0.3, "sshd: Session opened", pid=3, tty="t0", **told),
            event("login.success.ssh", 0.4, "vobd: SSH session", user="root", source_ip="192.0.2.7", program="vobd"),
            event("login.success.ssh", 0.5, "Hostd: SSH session", user="root", source_ip="192.0.2.7", program="Hostd"),
        )
        assert [len(e.lines) for e in found] == [6]
        assert (found[0].event, found[0].fields["source_port"]) == ("login.success.ssh", 58471)

    def test_two_logins_over_openssh_are_two(self) -> None:
        told = {"user": "root", "program": "sshd"}
        found = merged(
            event("login.success.ssh", 0, "sshd: Accepted", pid=1, source_ip="192.0.2.7", source_port=1, **told),
            event("login.success.ssh", 0.1, "sshd: Accepted", pid=4, source_ip="192.0.2.7", source_port=2, **told),
            event("login.success.ssh", 0.2, "sshd: Session opened", pid=2, **told),
            event("login.success.ssh", 0.3, "sshd: Session opened", pid=5, **told),
        )
        assert [len(e.lines) for e in found] == [2, 2]

    def test_a_line_of_the_same_operation_belongs_to_the_login_before_it(self) -> None:
        auth = event("auth.detail", 0.1, "Hostd: [Auth]: User root", program="Hostd", user="root", operation_id="a1")
        (one,) = merged(accepted(0, operation_id="a1"), auth, eventmgr(0.2, operation_id="a1"))
        assert len(one.lines) == 3

    def test_a_success_in_detail_does_not_belong_to_a_failure(self) -> None:
        auth = event("auth.detail", 0, "[Auth]: User root", program="Hostd", user="root", outcome=Outcome.SUCCESS)
        assert len(merged(auth, rejected("root", 0.1))) == 2


class TestTwoFacts:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"source_port": 5001}, {"source_port": 5002}),
            ({"pid": 5}, {"pid": 6}),
            ({"session": "a1"}, {"session": "b2"}),
            ({"user": "root"}, {"user": "berry"}),
            ({"source_ip": "192.0.2.7"}, {"source_ip": "192.0.2.8"}),
            ({"host": "esx1"}, {"host": "esx2"}),
            ({"host": "esx1.a.example"}, {"host": "esx1.b.example"}),
            ({"operation_id": "op-1"}, {"operation_id": "op-2"}),
        ],
    )
    def test_another_port_process_session_user_address_or_host(
        self, one: dict[str, object], other: dict[str, object]
    ) -> None:
        assert len(merged(accepted(0, **one), eventmgr(0.1, **other))) == 2

    @pytest.mark.parametrize("later", [0, 0.5, 1])
    def test_who_says_the_same_again_tells_of_another_login(self, later: float) -> None:
        assert len(merged(accepted(0), accepted(later))) == 2

    def test_two_logins_in_two_seconds_keep_their_own_lines(self) -> None:
        found = merged(accepted(0), eventmgr(0.1, 81), accepted(1), eventmgr(1.1, 82))
        assert [len(e.lines) for e in found] == [2, 2]
        assert [e.fields["event_id"] for e in found] == [81, 82]

    def test_success_and_failure_are_two(self) -> None:
        assert len(merged(accepted(0), rejected("root", 0))) == 2


class TestRelease:
    def test_when_the_host_has_moved_on(self) -> None:
        merger = Merger()
        assert merger.feed([accepted(0)]) == []
        assert merger.feed([rejected("x", 2)]) == []
        assert [e.event for e in merger.feed([rejected("y", 2.1)])] == ["login.success.api"]

    def test_another_hosts_clock_does_not_hurry_it(self) -> None:
        merger = Merger()
        ahead = accepted(3600, host="esx2", received_at=START)
        assert merger.feed([unknown_user(0), ahead]) == []
        assert merger.feed([rejected("berry", 1, received_at=START)]) == []
        assert [e.fields["reason"] for e in merger.flush() if e.user == "berry"] == ["unknown-user"]

    def test_a_line_from_the_future_does_not_end_merging(self) -> None:
        merger = Merger()
        merger.feed([accepted(1e9, received_at=START), rejected("x", 0)])
        found = [*merger.feed([unknown_user(1), rejected("berry", 1.5)]), *merger.flush()]
        assert [e.fields["reason"] for e in found if e.user == "berry"] == ["unknown-user"]

    def test_a_quiet_stream_is_released_by_the_receivers_clock(self) -> None:
        merger = Merger()
        merger.feed([accepted(0)])
        assert merger.advance(START + timedelta(seconds=4)) == []
        assert len(merger.advance(START + timedelta(seconds=6))) == 1

    def test_too_many_open_events_are_released_early_and_counted(self) -> None:
        merger = Merger(limit=10)
        found = merger.feed([rejected(f"u{n}", 0) for n in range(25)])
        assert (len(found), merger.evicted) == (15, 15)
        assert len(merger.flush()) == 10

    def test_a_fact_has_a_bounded_number_of_lines(self) -> None:
        lines = [
            event("account.locked", 0, "word " * (n + 1), program="vobd", user="root")
            for n in range(MOST_LINES * 2 + 5)
        ]
        found = merged(*lines)
        assert sum(len(e.lines) for e in found) == MOST_LINES * 2 + 5
        assert max(len(e.lines) for e in found) <= MOST_LINES


KINDS = (
    "login.success.api",
    "login.failure.api",
    "login.success.ssh",
    "login.failure.shell",
    "login.success.shell",
    "auth.detail",
    "connection.opened.ssh",
    "techsupport.available",
    "service.ssh.enabled",
    "account.locked",
)


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    some = st.sampled_from
    out = []
    for number in range(draw(st.integers(0, 40))):
        kind = draw(some(KINDS))
        at = draw(st.floats(0, 6))
        claimed = START + timedelta(seconds=at)
        out.append(
            event(
                kind,
                at,
                f"{kind} {draw(some(['pam_unix x', 'b', 'c', 'd']))} <{number}>",
                time=draw(some([claimed, claimed, None])),
                received_at=draw(some([claimed, START, None])),
                user=draw(some([None, "root", "berry"])),
                pid=draw(some([None, 1, 2])),
                program=draw(some(["Hostd", "login", "vobd", "vpxd", "sshd"])),
                host=draw(some(["esx1", "esx1.example.org", "esx2", ""])),
                sender=draw(some(["", "192.0.2.1"])),
                session=draw(some([None, None, "s1"])),
            )
        )
    return out


@given(streams(), st.integers(0, 2**16), st.sampled_from([1, 3, 20_000]))
def test_every_line_is_in_exactly_one_event_however_the_stream_is_cut(
    events: list[Event], seed: int, limit: int
) -> None:
    whole = Merger(limit=limit)
    found = [*whole.feed(events), *whole.flush()]
    assert sorted(line for e in found for line in e.lines) == sorted(e.lines[0] for e in events)
    cut, random, pieces = Merger(limit=limit), Random(seed), []
    rest = list(events)
    while rest:
        size = random.randint(1, 5)
        pieces += cut.feed(rest[:size])
        rest = rest[size:]
    assert [*pieces, *cut.flush()] == found


@given(streams())
def test_no_failure_becomes_a_success_or_the_other_way_round(events: list[Event]) -> None:
    told = {e.lines[0]: e.event for e in events}
    for one in merged(*events):
        assert one.event == told[one.lines[0]]  # what decided is the first line's own class


class TestProcesses:
    """Source of the lines: dropbear 2022.83 and OpenSSH 9.2 of Debian 12, on loopback."""

    def nobody(self, at: float, **told: object) -> Event:
        line = f"{at} dropbear[9]: Login attempt for nonexistent user"
        told = {"program": "dropbear", "pid": 9, "reason": "unknown-user", "outcome": Outcome.FAILURE, **told}
        return event("login.failure.ssh", at, line, **told)

    def connection(self, what: str, at: float, **told: object) -> Event:
        told = {"program": "dropbear", "pid": 9, "source_ip": "192.0.2.7", "source_port": 4242, **told}
        return event(f"connection.{what}.ssh", at, f"{at} dropbear[9]: {what}", **told)

    @pytest.mark.parametrize("gap", [0.1, 30, 299])
    def test_the_address_of_a_process_is_that_of_its_connection(self, gap: float) -> None:
        found = merged(self.connection("opened", 0), self.nobody(gap))
        assert (found[-1].event, found[-1].source_ip) == ("login.failure.ssh", "192.0.2.7")
        assert found[-1].fields["source_port"] == 4242

    def test_without_its_beginning_the_end_of_the_connection_tells_the_address(self) -> None:
        (one,) = merged(self.nobody(0), self.connection("closed", 0.5))
        assert (one.event, one.source_ip, len(one.lines)) == ("login.failure.ssh", "192.0.2.7", 2)

    def test_the_end_of_a_connection_is_an_event_of_its_own_when_the_address_is_known(self) -> None:
        found = merged(self.connection("opened", 0), self.nobody(0.1), self.connection("closed", 0.5))
        assert [e.event for e in found] == ["login.failure.ssh", "connection.closed.ssh"]

    @pytest.mark.parametrize("other", [{"pid": 8}, {"host": "esx2"}, {"sender": "198.51.100.1"}, {"program": "sshd"}])
    def test_another_process_tells_nothing(self, other: dict[str, object]) -> None:
        found = merged(self.connection("opened", 0, **other), self.nobody(5))
        assert found[-1].source_ip is None

    def test_a_connection_that_was_closed_or_is_old_tells_nothing(self) -> None:
        closed = merged(self.connection("opened", 0), self.connection("closed", 3), self.nobody(9))
        assert closed[-1].source_ip is None
        assert merged(self.connection("opened", 0), self.nobody(301))[-1].source_ip is None

    def invalid(self, at: float, **told: object) -> Event:
        told = {"program": "sshd", "pid": 7, "user": "x", "source_ip": "192.0.2.7", "reason": "unknown-user", **told}
        text = "Failed password for invalid user x" if "method" in told else "Invalid user x"
        return event("login.failure.ssh", at, f"{at} sshd[7]: {text} from 192.0.2.7", **told)

    @pytest.mark.parametrize("typing_s", [0.5, 2.6, 40])
    def test_no_such_user_and_the_password_that_follows_are_one_failure(self, typing_s: float) -> None:
        found = merged(self.invalid(0), self.invalid(typing_s, method="password"))
        assert [e.event for e in found if e.event.startswith("login.")] == ["login.failure.ssh"]
        assert sum(len(e.lines) for e in found) == 2

    def test_a_second_password_is_a_second_failure(self) -> None:
        found = merged(*(self.invalid(at, **how) for at, how in [(0, {}), (9, PASSWORD), (18, PASSWORD)]))
        assert [e.event for e in found].count("login.failure.ssh") == 2

    @pytest.mark.parametrize("wait_s", [0.5, 2.6])
    def test_what_pam_says_between_them_is_the_same_failure(self, wait_s: float) -> None:
        pam = msgspec.structs.replace(self.invalid(wait_s), lines=("sshd[7]: error: PAM: for illegal user x from a",))
        found = merged(self.invalid(0), pam, self.invalid(wait_s, method="keyboard-interactive/pam"))
        assert [e.event for e in found].count("login.failure.ssh") == 1

    def test_a_password_for_a_user_of_another_process_is_a_failure_of_its_own(self) -> None:
        found = merged(self.invalid(0), self.invalid(9, method="password", pid=8))
        assert [e.event for e in found] == ["login.failure.ssh", "login.failure.ssh"]

    def shell(self, text: str, at: float, **told: object) -> Event:
        told = {"program": "login", "pid": 812, "user": "root", **told}
        return event("login.failure.shell", at, f"{at} login[812]: {text}", **told)

    @pytest.mark.parametrize("wait_s", [0.1, 3])
    def test_login_waits_after_what_pam_says_and_tells_the_same_failure(self, wait_s: float) -> None:
        pam = self.shell("pam_unix(login:auth): authentication failure", 0, pam_service="login")
        found = merged(pam, self.shell("FAILED LOGIN 1 FROM tty1 FOR root", wait_s, failures=1))
        assert [e.event for e in found].count("login.failure.shell") == 1
        assert sum(len(e.lines) for e in found) == 2

    def test_a_failure_of_one_module_is_none_when_the_process_lets_the_user_in(self) -> None:
        pam = self.shell(
            "pam_unix(system-auth-generic:auth): authentication failure", 0, pam_service="system-auth-generic"
        )
        success = event(
            "login.success.shell", 0.4, "login[812]: root login on 'x'", program="login", pid=812, user="root"
        )
        (one,) = merged(pam, success)
        assert (one.event, one.outcome, len(one.lines)) == ("login.success.shell", Outcome.SUCCESS, 2)
        other = msgspec.structs.replace(success, pid=813)
        assert [e.event for e in merged(pam, other)] == ["login.failure.shell", "login.success.shell"]


PASSWORD = {"method": "password"}
