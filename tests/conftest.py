"""Real parts: which ran, for how long, and which did not."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import pytest

PARTS = {
    "lab": "vSphere API of the lab (govmomi simulator library and our own Go program)",
    "nagios": "Nagios (Debian nagios4-core): passive and active results, notifications",
    "nsca": "NSCA server and client (Debian nsca, nsca-client)",
    "mrtg": "MRTG (Debian mrtg) drawing its graphs",
    "smstools": "SMS server tools (Debian smstools) without a modem",
    "smtp": "SMTP server aiosmtpd (Debian python3-aiosmtpd) behind apprise",
    "prometheus": "Prometheus (Debian prometheus) scraping our endpoint",
    "syslog-ng": "syslog-ng (Debian syslog-ng-core) receiving RFC 5424 over TLS",
    "rsyslog": "rsyslog (Debian rsyslog-relp, rsyslog-gnutls) sending by RELP and TLS",
    "dropbear": "dropbear (Debian dropbear-bin): logins with right and wrong password and of no user",
    "nftables": "nftables (Debian nftables) in the kernel of this machine, asked with packets",
    "iptables": "iptables and ip6tables (Debian iptables) in the same kernel",
    "ifupdown": "ifup (Debian ifupdown) saying what it would set, of interface files that we write",
    "openssh": "OpenSSH (Debian openssh-server, openssh-client): the same logins, with PAM",
}
"""Every real part that the tests use. A part that no test ran is named at the end."""

_seconds: dict[str, float] = defaultdict(float)
_tests: dict[str, int] = defaultdict(int)
_skipped: dict[str, set[str]] = defaultdict(set)


def _parts(item: pytest.Item) -> Iterator[str]:
    for marker in item.iter_markers("real"):
        yield from marker.args


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for part in _parts(item):
            if part not in PARTS:
                raise pytest.UsageError(f"{item.nodeid}: unknown real part {part!r}; add it to PARTS")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    for part in _parts(item):
        _seconds[part] += call.duration
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            _skipped[part].add(reason)
        elif report.when == "call":
            _tests[part] += 1


def _whole_run(config: pytest.Config) -> bool:
    """Whether every test was asked for: only then is a part that did not run missing."""
    return not config.option.keyword and not config.option.markexpr and config.args == config.getini("testpaths")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") != "true" or session.exitstatus not in {0, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return
    missing = _whole_run(session.config) and any(not _tests[part] for part in PARTS)
    if missing or any(_skipped.values()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not _tests and not _skipped and not _whole_run(config):
        return
    terminalreporter.section("real parts")
    for part, what in PARTS.items():
        if _tests[part]:
            terminalreporter.line(f"{part:10} {_tests[part]:5} tests {_seconds[part] / 60:6.1f} min  {what}")
        for reason in sorted(_skipped[part]):
            terminalreporter.line(f"{part:10} SKIPPED: {reason}", red=True)
        if not _tests[part] and not _skipped[part] and _whole_run(config):
            terminalreporter.line(f"{part:10} DID NOT RUN: {what}", red=True)
