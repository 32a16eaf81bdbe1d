"""The report's Appendix A: its lines, each as one line, and the class of event that each tells."""

from __future__ import annotations

_VM = "vm:/vmfs/volumes/4b41d954-5e6a9cc1-78a2-0015c5e13bfe/el5_test01/el5_test01.vmx"
LINES = (
    ("Hostd: Accepted password for user root from 0.0.0.0", "login.success.api"),
    (
        "Hostd: [2010-01-21 13:54:14.607 19639B90 info 'ha-eventmgr'] Event 81 : User root@0.0.0.0 logged in",
        "login.success.api",
    ),
    ("Hostd: Rejected password for user root from 0.0.0.0", "login.failure.api"),
    ("Hostd: pam_unix(vmware-authd:auth): check pass; user unknown", "auth.detail"),
    ("Hostd: Rejected password for user unknown_user from 0.0.0.0", "login.failure.api"),
    ("DCUI: authentication of user root succeeded", "login.success.dcui"),
    ("DCUI: authentication of user root failed", "login.failure.dcui"),
    ("DCUI: pam_unix(dcui:auth): check pass; user unknown", "auth.detail"),
    ("DCUI: authentication of user berry failed", "login.failure.dcui"),
    ("dropbear[5298594]: Child connection from 0.0.0.0:60145", "connection.opened.ssh"),
    ("dropbear[5298594]: PAM password auth succeeded for 'root' from 0.0.0.0:60145", "login.success.ssh"),
    ("dropbear[5319566]: bad PAM password attempt for 'root' from 0.0.0.0:61598", "login.failure.ssh"),
    ("dropbear[5319249]: login attempt for nonexistent user from 0.0.0.0:61597", "login.failure.ssh"),
    ("login[5295780]: pam_unix(login:session): session opened for user root by (uid=0)", "login.success.shell"),
    ("login[5295780]: root login on 'UNKNOWN'", "login.success.shell"),
    ("init: init: starting pid 5329717, tty '/dev/tty1': '/bin/sh'", "shell.process.started"),
    ("root: techsupport VMware Tech Support Mode available", "techsupport.available"),
    ("getty[5295780]: VMware Tech Support Mode successfully accessed", "techsupport.accessed"),
    (
        (
            "login[5295780]: pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=UNKNOWN ruser= "
            "rhost= user=root"
        ),
        "login.failure.shell",
    ),
    *(
        (line, event)
        for time, thread, pid, ticket, time_after, thread_after, count in (
            ("14:19:52.284", "48F20B90", 30632, "52ce0b30-c96e-f930-10ea-908e648ea268", "14:19:52.776", "48C9CDC0", 1),
            ("14:21:31.613", "48FA2B90", 30996, "52268a2d-afe8-a264-d4f6-83f8ffea3afe", "14:21:31.853", "16941B90", 2),
            ("14:21:38.566", "48EDFB90", 30997, "52791c44-8f5c-f477-18c9-42839daccd0f", "14:21:38.799", "1683DB90", 3),
        )
        for line, event in (
            (
                f"Hostd: [2010-01-27 {time} {thread} info '{_VM}'] Ticket issued for mks connections to user: root",
                "console.ticket.issued",
            ),
            (f"authd[{pid}]: login from 0.0.0.0 as {ticket}", "console.ticket.redeemed"),
            (f"authd[{pid}]: Local connection for mks established.", "console.connected"),
            (
                f"Hostd: [2010-01-27 {time_after} {thread_after} verbose '{_VM}'] New MKS connection count: {count}",
                "console.count",
            ),
        )
    ),
)
