"""Open consoles: how many, who holds them, when there are too many. Counts follow the report's Figure 5 and lines."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.logs.detect.tell import START, event
from viguard.logs.detect.consoles import Consoles
from viguard.logs.detect.detector import Detector
from viguard.logs.detect.intent import Intent
from viguard.logs.detect.reading import shipped
from viguard.model.event import Event

PATH = "/vmfs/volumes/ds1/web1/web1.vmx"
RULES = shipped()


def ticket(user: str, at: float = 0, **told: object) -> Event:
    return event(
        "console.ticket.issued", at, **{"user": user, "vm": "web1", "vm_path": PATH, "program": "Hostd", **told}
    )


def redeemed(address: str, pid: int, at: float = 0, **told: object) -> Event:
    return event("console.ticket.redeemed", at, source_ip=address, pid=pid, program="authd", **told)


def connected(pid: int, at: float = 0, **told: object) -> Event:
    return event("console.connected", at, pid=pid, program="authd", **told)


def count(number: int, at: float = 0, **told: object) -> Event:
    return event("console.count", at, **{"count": number, "vm": "web1", "vm_path": PATH, "program": "Hostd", **told})


def by_vcenter(what: str, at: float, user: str = "root") -> Event:
    return event(f"console.{what}", at, vm="web1", user=user, program="vpxd", host="vcenter", on_host="esx1")


def session(user: str, pid: int, at: float) -> list[Event]:
    return [ticket(user, at), redeemed(f"192.0.2.{pid}", pid, at + 0.1), connected(pid, at + 0.2)]


def told(consoles: Consoles, *events: Event) -> list[Event]:
    return [one for e in events for one in consoles.take(e)]


def states(found: list[Event]) -> list[tuple[object, object]]:
    return [(e.fields["state"], e.fields["count"]) for e in found]


class TestHolders:
    def test_tickets_and_addresses_join_in_their_order(self) -> None:
        consoles = Consoles()
        (found,) = told(consoles, *session("berry", 1, 0), *session("niels", 2, 10))
        assert (found.fields["users"], found.fields["source_ips"]) == ("berry, niels", "192.0.2.1, 192.0.2.2")

    def test_two_at_a_time_by_process(self) -> None:
        consoles = Consoles()
        (found,) = told(
            consoles,
            ticket("berry", 0),
            ticket("niels", 0.1),
            redeemed("192.0.2.1", 1, 0.2),
            redeemed("192.0.2.2", 2, 0.3),
            connected(2, 0.4),
            connected(1, 0.5),
        )
        assert (found.fields["users"], found.fields["source_ips"]) == ("niels, berry", "192.0.2.2, 192.0.2.1")

    def test_a_ticket_of_long_ago_is_not_used(self) -> None:
        consoles = Consoles()
        told(consoles, ticket("berry", 0), ticket("niels", 500), redeemed("192.0.2.2", 2, 501), connected(2, 502))
        (held,) = consoles.now()["web1"][1]
        assert (held.user, held.source_ip) == ("niels", "192.0.2.2")

    def test_other_hosts_tickets_are_theirs(self) -> None:
        consoles = Consoles()
        told(consoles, ticket("berry", 0, host="esx2"), redeemed("192.0.2.2", 2, 1), connected(2, 1))
        assert consoles.now() == {}  # nobody said which guest

    def test_who_left_is_no_holder(self) -> None:
        consoles = Consoles()
        told(consoles, *session("berry", 1, 0), *session("niels", 2, 10), by_vcenter("disconnected", 60, "berry"))
        number, held = consoles.now()["web1"]
        assert (number, [h.user for h in held]) == (1, ["niels"])


class TestCounts:
    def test_above_and_back(self) -> None:
        found = told(Consoles(), count(1), count(2, 10), count(3, 20), count(2, 30), count(1, 40), count(0, 50))
        assert states(found) == [("above", 2), ("above", 3), ("resolved", 1)]

    def test_up_again_is_told_again(self) -> None:
        found = told(Consoles(), count(3), count(2, 10), count(3, 20))
        assert states(found) == [("above", 3), ("above", 3)]

    def test_the_owner_accepts_more(self) -> None:
        assert states(told(Consoles(2), count(2), count(3, 10), count(2, 20))) == [("above", 3), ("resolved", 2)]

    def test_one_connection_by_several_tellers_is_one(self) -> None:
        consoles = Consoles()
        told(consoles, *session("berry", 1, 0), count(1, 0.3), by_vcenter("connected", 1))
        assert consoles.now()["web1"][0] == 1
        told(consoles, count(2, 100), by_vcenter("connected", 101), *session("niels", 2, 101))
        assert consoles.now()["web1"][0] == 2

    def test_two_at_once_by_several_tellers_are_two(self) -> None:
        consoles = Consoles()
        first, second = session("berry", 1, 0), session("niels", 2, 0.5)
        told(consoles, *first, by_vcenter("connected", 0.6), *second, by_vcenter("connected", 0.9))
        assert consoles.now()["web1"][0] == 2

    def test_vcenter_alone_counts_up_and_down(self) -> None:
        consoles = Consoles()
        found = told(consoles, by_vcenter("connected", 0), by_vcenter("connected", 60), by_vcenter("disconnected", 120))
        assert states(found) == [("above", 2), ("resolved", 1)]

    def test_never_below_none(self) -> None:
        consoles = Consoles()
        told(consoles, *session("berry", 1, 0), *(by_vcenter("disconnected", 60 + n * 10) for n in range(3)))
        told(consoles, *session("berry", 1, 200))
        assert consoles.now()["web1"][0] == 1

    def test_vmware_log_tells_the_number_before(self) -> None:
        before = event("console.count", 0, vm="web1", count_before=1, program="vmx")
        assert states(told(Consoles(), before)) == [("above", 2)]

    def test_a_count_that_is_none_says_nothing(self) -> None:
        assert told(Consoles(), event("console.count", vm="web1", count="many"), event("console.count", count=9)) == []

    def test_guests_of_one_name_are_told_apart_by_path(self) -> None:
        other = "/vmfs/volumes/ds2/web1/web1.vmx"
        assert told(Consoles(), count(1), count(1, 1, vm_path=other)) == []

    def test_the_figure_of_the_api_counts(self) -> None:
        consoles = Consoles()
        told(consoles, *session("berry", 1, 0))
        assert states(consoles.figures({"web1": 3}, START + timedelta(seconds=100))) == [("above", 3)]
        assert consoles.now()["web1"][0] == 3
        assert states(consoles.figures({}, START + timedelta(seconds=200))) == [("resolved", 0)]
        assert consoles.now() == {}


class TestAlerts:
    def test_resolved_has_the_key_of_its_alert(self) -> None:
        engine = Detector(RULES)
        above, back = engine.feed([count(1), count(2, 10), count(1, 20)])
        assert (above.rule, above.key, above.resolved) == ("console.multiple", "vm=web1", False)
        assert (back.rule, back.key, back.resolved) == ("console.multiple", "vm=web1", True)

    def test_limit_of_the_policy(self) -> None:
        assert Detector(RULES, Intent(console_sessions=2)).feed([count(1), count(2, 10)]) == []

    def test_figures_of_the_api(self) -> None:
        (alert,) = Detector(RULES).console_figures({"web1": 2}, START)
        assert alert.key == "vm=web1"


class TestBounds:
    def test_guests_tickets_and_processes_are_bounded(self) -> None:
        consoles = Consoles(guests=50)
        for n in range(1000):
            told(
                consoles,
                ticket("x", n, vm=f"g{n}", vm_path=f"/{n}.vmx", host=f"h{n}"),
                count(1, n, vm=f"g{n}", vm_path=f"/{n}"),
            )
            told(consoles, redeemed("192.0.2.1", n, n, host=f"h{n}"))
            told(consoles, *(ticket("x", n) for _ in range(2)))
        assert len(consoles._guests) <= 50
        assert len(consoles._names) <= 100
        assert len(consoles._tickets) <= 50
        assert len(consoles._redeemed) <= 50
        assert all(len(waiting) <= 256 for waiting in consoles._tickets.values())
        assert consoles.evicted > 0

    def test_holders_are_bounded(self) -> None:
        consoles = Consoles()
        for n in range(500):
            told(consoles, *session("x", n, n * 10))
        assert len(consoles._guests[PATH].holders) <= 50


some_events = st.lists(
    st.one_of(
        st.builds(ticket, st.sampled_from(["a", "b"]), st.integers(0, 30)),
        st.builds(redeemed, st.just("192.0.2.1"), st.integers(1, 3), st.integers(0, 30)),
        st.builds(connected, st.integers(1, 3), st.integers(0, 30)),
        st.builds(count, st.integers(0, 4), st.integers(0, 30)),
        st.builds(by_vcenter, st.sampled_from(["connected", "disconnected"]), st.integers(0, 30)),
    ),
    max_size=40,
)


@given(some_events)
def test_whatever_comes_a_told_count_holds_and_alerts_match_it(events: list[Event]) -> None:
    consoles, above = Consoles(), False
    for one in events:
        for found in consoles.take(one):
            above = found.fields["state"] == "above"
            assert above is (int(found.fields["count"]) > 1)
        now, holders = consoles.now().get("web1", (0, ()))
        assert now >= 0
        assert len(holders) <= now
        assert above is (now > 1)  # the last word is true
        if one.event == "console.count":
            assert now == one.fields["count"]
