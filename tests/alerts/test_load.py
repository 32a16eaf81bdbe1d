from __future__ import annotations

import pytest

from tests.alerts.samples import settings
from viguard.alerts.load import loads_alerts, url_problem
from viguard.alerts.settings import Send, Wire
from viguard.errors import PolicyError
from viguard.model.event import EventSeverity
from viguard.policy.policy import Day

WHOLE = """
schema: viguard-alerts/1
time_zone: Europe/Brussels
fallback: oncall
grouping: {wait_s: 0.5, repeat_minutes: 60, resolve_minutes: 30}
receivers:
- name: nagios
  nagios: {command_file: /var/lib/nagios4/rw/nagios.cmd, hosts: [esx1, esx2]}
- name: oncall
  send: [firing]
  most_per_hour: 6
  smstools: {outgoing: /var/spool/sms/outgoing, numbers: ["32475123456"]}
- name: mail
  apprise: {urls: {path: /etc/viguard/mail.url}}
- name: central
  nsca: {server: monitor.example.org, config: /etc/send_nsca.cfg}
routes:
- {receivers: [nagios]}
- {receivers: [oncall], at_least: high, hours: "18:00-08:00", weekdays: [mon, fri], zones: ["prod*"]}
silences:
- {owner: Ann, reason: new password, until: "2026-12-01T12:00+01:00", rules: [bruteforce]}
heartbeats:
- {receiver: nagios, every_minutes: 1}
siem:
- {name: splunk, what: [raw, events], splunk: {url: "https://splunk:8088", token: {variable: HEC_TOKEN}}}
"""


def test_a_whole_file_is_read() -> None:
    found = settings(WHOLE)
    assert found.fallback == "oncall"
    assert found.grouping.wait_s == 0.5
    nagios, oncall, mail, central = found.receivers
    assert nagios.nagios is not None
    assert nagios.nagios.hosts == ("esx1", "esx2")
    assert oncall.send == (Send.FIRING,)
    assert oncall.most_per_hour == 6
    assert mail.apprise is not None
    assert mail.apprise.urls.path == "/etc/viguard/mail.url"
    assert central.nsca is not None
    assert central.nsca.port == 5667
    assert found.routes[1].at_least is EventSeverity.HIGH
    assert found.routes[1].weekdays == (Day.MON, Day.FRI)
    assert found.silences[0].owner == "Ann"
    assert found.siem[0].what == (Wire.RAW, Wire.EVENTS)


def test_every_mistake_is_named_with_its_place() -> None:
    text = """fallback: nobody
time_zone: Mars/Olympus
receivers:
- {name: sms, smstools: {outgoing: /s, numbers: ["+32 475"]}}
- {name: sms, apprise: {urls: {path: /a, variable: B}}}
- name: none
routes:
- {receivers: [smz], hours: "25:00-26:00"}
- {receivers: []}
silences:
- {owner: Ann, reason: x, rules: [a]}
- {owner: Ann, reason: x, until: "2026-12-01T12:00", rules: [a]}
- {owner: Ann, reason: x, until: "2026-12-01T12:00Z"}
heartbeats:
- {receiver: smx}
siem:
- {name: s, splunk: {url: "http://splunk:8088", token: {variable: T}}}
"""
    with pytest.raises(PolicyError) as caught:
        loads_alerts(text, "alerts.yaml")
    places = {tuple(m.split(":")[1:3]) for m in caught.value.mistakes}
    assert {line for line, _ in places} == {str(n) for n in (1, 2, 4, 5, 6, 8, 9, 11, 12, 13, 15, 17)}
    told = "\n".join(caught.value.mistakes)
    for part in (
        "alerts.yaml:1:11: there is no receiver 'nobody'",
        "did you mean 'sms'?",
        "the key 'until' is missing",
        "no time with an offset",
        "the silence names nothing",
        "no way is named",
        "is used twice",
        "without TLS everyone on the way can read and alter it",
        "where the secret stands is not said in one way",
        "the route leads to nobody",
    ):
        assert part in told


def test_receivers_need_a_fallback() -> None:
    with pytest.raises(PolicyError, match="fallback"):
        settings("receivers: [{name: a, smstools: {outgoing: /s, numbers: ['32475123456']}}]")


@pytest.mark.parametrize("name", ["esx1;x", "a`b`", "a\\nb", "x|y", "../x"])
def test_a_nagios_name_cannot_carry_commands(name: str) -> None:
    with pytest.raises(PolicyError, match="cannot be a Nagios name"):
        settings(f'fallback: n\nreceivers: [{{name: n, nagios: {{command_file: /f, hosts: ["{name}"]}}}}]')


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://splunk.example.org:8088", True),
        ("http://127.0.0.1:9200", True),
        ("http://[::1]:9200", True),
        ("http://localhost:9200", True),
        ("http://127.evil.example.org:9200", False),
        ("http://splunk:8088", False),
        ("https://user:pass@splunk:8088", False),
        ("https://splunk:8088/?token=x", False),
        ("file:///etc/passwd", False),
        ("https://splunk:99999", False),
    ],
)
def test_urls(url: str, good: bool) -> None:
    assert (url_problem(url) == "") is good
