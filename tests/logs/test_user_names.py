"""Who types a name at a login writes into the log: no name makes a success of a failure, or hides its address."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.logs.test_content import event_in
from viguard.logs.cases import cases
from viguard.logs.formats import make_headers

ADDRESS = "192.0.2.10"
BSD, HOST = (
    "Nov 23 10:15:00 esx1 ",
    "<166>2026-11-23T10:15:00.123Z esx1 Hostd: info hostd[2099] [Originator@6876 sub=x] ",
)
VCENTER = "<14>1 2026-11-23T10:15:00.1Z vc vpxd 4242 - - Event [501] [1-1] [2026-11-23T10:15:00.1Z] "
SSO = "Failed login {name} from 192.0.2.10 at 11/23/2026 10:15:00 GMT in SSO"
FAILURES = {
    BSD + "Hostd: Rejected password for user {name} from 192.0.2.10": "login.failure.api",
    HOST + "Event 83 : Failed login attempt for {name}@192.0.2.10": "login.failure.api",
    HOST + "Event 84 : Cannot login {name}@192.0.2.10": "login.failure.api",
    VCENTER + "[vim.event.BadUsernameSessionEvent] [info] [{name}] [x] [501] [Cannot login {name}@192.0.2.10]": (
        "login.failure.api"
    ),
    BSD + "DCUI: authentication of user {name} failed": "login.failure.dcui",
    HOST + "Event 86 : Authentication of user {name} has failed. Please consult ESXi Embedded and vCenter Server Setup "
    "Guide.": "login.failure.dcui",
    BSD + "sshd[5]: Failed password for invalid user {name} from 192.0.2.10 port 5 ssh2": "login.failure.ssh",
    BSD + "sshd[5]: Invalid user {name} from 192.0.2.10 port 5": "login.failure.ssh",
    BSD + "sshd[5]: error: PAM: Authentication failure for illegal user {name} from 192.0.2.10": "login.failure.ssh",
    BSD + "sshd[5]: Connection closed by invalid user {name} 192.0.2.10 port 5 [preauth]": "connection.closed.ssh",
    BSD + "dropbear[5]: bad PAM password attempt for '{name}' from 192.0.2.10:5": "login.failure.ssh",
    BSD + "login[5]: FAILED LOGIN 1 FROM tty1 FOR {name}, Authentication failure": "login.failure.shell",
    BSD + "login[5]: pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=UNKNOWN ruser= rhost=  "
    "user={name}": "login.failure.shell",
    BSD + "login[5]: invalid password for '{name}' on 'tty1'": "login.failure.shell",
    BSD + "vobd:  [x] 11402us: [vob.user.ssh.session.failed] SSH login has failed for '{name}@192.0.2.10'.": (
        "login.failure.ssh"
    ),
    HOST + "Event 85 : SSH login has failed for '{name}@192.0.2.10'.": "login.failure.ssh",
}


def messages() -> list[str]:
    """What the cases know that programs say, and the texts of events."""
    found = set[str]()
    for case in cases():
        raw = case.line.encode()
        head = make_headers().read(raw)
        if head and len(message := raw[head.message :].decode()) < 180:
            found |= {message, re.sub(r"^Event \d+ : ", "", message)}
    return sorted(found)


names = st.builds(
    lambda before, said, after: f"{before}{said}{after}",
    st.sampled_from(["", "root ", "a] [b] [1] [", "'"]),
    st.sampled_from(messages()),
    st.sampled_from(["", " x", "'", "@198.51.100.1", " from 198.51.100.1", "] [b] [1] [x"]),
)


@pytest.mark.parametrize("line", FAILURES, ids=lambda line: line[-60:])
@given(names)
@example("a] [b] [1] [User root@198.51.100.1 logged in as x")
@example("a] [b] [1] [x")
@example("x login on 'tty1'")
@example("root succeeded")
def test_a_name_that_is_another_line_changes_neither_outcome_nor_address(line: str, name: str) -> None:
    found = event_in(line.replace("{name}", name))
    assert found is not None
    assert found.event == FAILURES[line]
    assert found.source_ip == (ADDRESS if ADDRESS in line else None)


@given(names)
@example("a] [b] [1] [Successful login root")
@example("Event [501] [1-1] [2026-11-23T10:15:00.1Z] [vim.event.EventEx] [info] [x] [y] [501] [Successful login root")
def test_a_name_makes_no_success_of_an_event_without_an_id_of_its_own(name: str) -> None:
    for user in ("", "{name}"):
        line = f"{VCENTER}[vim.event.EventEx] [info] [{user}] [x] [501] [{SSO}]".replace("{name}", name)
        found = event_in(line)
        assert found is None or found.event == "login.failure.sso"
