"""What the peers are told to look for: the same events in syslog-ng's, liblognorm's and ripgrep's own languages.

Each line of RULES is one kind of line of ``bench.loglines``. Tried and kept is what served a peer best; what did not is
said in docs/performance.md.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from viguard.logs.classes import classes, compiled


class Rule(NamedTuple):
    """One kind of line: its class, the program (``[]``: with a process id), and the text as each peer wants it."""

    event: str
    tag: str
    patterndb: str
    lognorm: str
    regex: str

    @property
    def program(self) -> str:
        """The program without the mark for a process id."""
        return self.tag.removesuffix("[]")


_META_DB, _META_LN, _META_RE = "@QSTRING:meta:[]@ ", "[%meta:char-to:]%] ", r"\[[^\]]*\] "
_PEER_DB, _PEER_LN, _PEER_RE = "@ESTRING:ip::@@NUMBER:port@", "%ip:char-to:\\x3a%:%port:number%", r"[^:\s]+:\d+$"

RULES = (
    Rule("login.success.api", "Hostd", "Accepted password for user @ESTRING:user: @from @ANYSTRING:ip@",
         "Accepted password for user %user:word% from %ip:word%", r"Accepted password for user \S+ from \S+$"),
    Rule("login.success.api", "Hostd",
         _META_DB + "Event @NUMBER:n@ : User @STRING:user:-_.@@@@STRING:ip:.@ logged in",
         _META_LN + "Event %n:number% : User %user:char-to:@%@%ip:word% logged in",
         _META_RE + r"Event \d+ : User [^@\s]+@\S+ logged in$"),
    Rule("login.failure.api", "Hostd", "Rejected password for user @ESTRING:user: @from @ANYSTRING:ip@",
         "Rejected password for user %user:word% from %ip:word%", r"Rejected password for user \S+ from \S+$"),
    Rule("auth.detail", "Hostd", "pam_unix(vmware-authd:auth): check pass; user unknown",
         "pam_unix(vmware-authd:auth): check pass; user unknown",
         r"pam_unix\(vmware-authd:auth\): check pass; user unknown$"),
    Rule("login.success.dcui", "DCUI", "authentication of user @ESTRING:user: @succeeded",
         "authentication of user %user:word% succeeded", r"authentication of user \S+ succeeded$"),
    Rule("login.failure.dcui", "DCUI", "authentication of user @ESTRING:user: @failed",
         "authentication of user %user:word% failed", r"authentication of user \S+ failed$"),
    Rule("auth.detail", "DCUI", "pam_unix(dcui:auth): check pass; user unknown",
         "pam_unix(dcui:auth): check pass; user unknown", r"pam_unix\(dcui:auth\): check pass; user unknown$"),
    Rule("connection.opened.ssh", "dropbear[]", "Child connection from " + _PEER_DB,
         "Child connection from " + _PEER_LN, "Child connection from " + _PEER_RE),
    Rule("login.success.ssh", "dropbear[]", "PAM password auth succeeded for @QSTRING:user:'@ from " + _PEER_DB,
         "PAM password auth succeeded for '%user:char-to:'%' from " + _PEER_LN,
         "PAM password auth succeeded for '[^']*' from " + _PEER_RE),
    Rule("login.failure.ssh", "dropbear[]", "bad PAM password attempt for @QSTRING:user:'@ from " + _PEER_DB,
         "bad PAM password attempt for '%user:char-to:'%' from " + _PEER_LN,
         "bad PAM password attempt for '[^']*' from " + _PEER_RE),
    Rule("login.failure.ssh", "dropbear[]", "login attempt for nonexistent user from " + _PEER_DB,
         "login attempt for nonexistent user from " + _PEER_LN, "login attempt for nonexistent user from " + _PEER_RE),
    Rule("login.success.shell", "login[]",
         "pam_unix(login:session): session opened for user @ESTRING:user: @by (uid=@NUMBER:uid@)",
         "pam_unix(login:session): session opened for user %user:word% by (uid=%uid:number%)",
         r"pam_unix\(login:session\): session opened for user \S+ by \(uid=\d+\)$"),
    Rule("login.success.shell", "login[]", "root login on @QSTRING:tty:'@", "root login on '%tty:char-to:'%'",
         "root login on '[^']*'$"),
    Rule("shell.process.started", "init",
         "init: starting pid @NUMBER:pid@, tty @QSTRING:tty:'@: @QSTRING:command:'@",
         "init: starting pid %pid:number%, tty '%tty:char-to:'%': '%command:char-to:'%'",
         r"init: starting pid \d+, tty '[^']*': '[^']*'$"),
    Rule("techsupport.available", "root", "techsupport VMware Tech Support Mode available",
         "techsupport VMware Tech Support Mode available", "techsupport VMware Tech Support Mode available$"),
    Rule("techsupport.accessed", "getty[]", "VMware Tech Support Mode successfully accessed",
         "VMware Tech Support Mode successfully accessed", "VMware Tech Support Mode successfully accessed$"),
    Rule("login.failure.shell", "login[]",
         "pam_unix(login:auth): authentication failure; logname= uid=@NUMBER:uid@ euid=@NUMBER:euid@ "
         "tty=@ESTRING:tty: @ruser= rhost= user=@ANYSTRING:user@",
         "pam_unix(login:auth): authentication failure; logname= uid=%uid:number% euid=%euid:number% tty=%tty:word% "
         "ruser= rhost= user=%user:word%",
         r"pam_unix\(login:auth\): authentication failure; .*\buser=\S+$"),
    Rule("console.ticket.issued", "Hostd",
         _META_DB + "Ticket issued for mks connections to user: @ANYSTRING:user@",
         _META_LN + "Ticket issued for mks connections to user: %user:word%",
         _META_RE + r"Ticket issued for mks connections to user: \S+$"),
    Rule("console.ticket.redeemed", "authd[]", "login from @ESTRING:ip: @as @ANYSTRING:ticket@",
         "login from %ip:word% as %ticket:word%", r"login from \S+ as [0-9a-f-]{36}$"),
    Rule("console.connected", "authd[]", "Local connection for mks established.",
         "Local connection for mks established.", r"Local connection for mks established\.$"),
    Rule("console.count", "Hostd", _META_DB + "New MKS connection count: @NUMBER:count@",
         _META_LN + "New MKS connection count: %count:number%", _META_RE + r"New MKS connection count: \d+$"),
)  # fmt: skip

_HEADER_RE = r"^<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ "


def patterndb() -> str:
    """The database of syslog-ng's db-parser."""
    programs = dict.fromkeys(rule.program for rule in RULES)
    sets = []
    for program in programs:
        rules = "".join(
            f'<rule provider="bench" id="{_uuid(rule.patterndb)}" class="security"><patterns><pattern>'
            f"{escape(rule.patterndb)}</pattern></patterns>"
            f'<values><value name="event">{rule.event}</value></values></rule>'
            for rule in RULES
            if rule.program == program
        )
        name = quoteattr(program)
        sets.append(
            f'<ruleset name={name} id="{_uuid(program)}"><pattern>{program}</pattern><rules>{rules}</rules></ruleset>'
        )
    head = "<?xml version='1.0' encoding='UTF-8'?><patterndb version='4' pub_date='2026-11-25'>"
    return f"{head}{''.join(sets)}</patterndb>"


def lognorm() -> str:
    """The rule base of liblognorm."""
    header = "<%pri:number%>%date:date-rfc3164% %host:word% "
    lines = [
        f"rule={rule.event.replace('.', '_')}:{header}{rule.tag.replace('[]', '[%pid:number%]')}: {rule.lognorm}"
        for rule in RULES
    ]
    return "version=2\n" + "\n".join(lines) + "\n"


def ripgrep() -> str:
    """The patterns of ripgrep, one a line."""
    tags = {rule.tag: rule.tag.replace("[]", r"\[\d+\]") for rule in RULES}
    return "".join(f"{_HEADER_RE}{tags[rule.tag]}: {rule.regex}\n" for rule in RULES)


def ripgrep_all() -> str:
    """Every rule of viguard's content that has a text of its own, anchored, one a line, in ripgrep's language.

    The header is the one of the lines here alone, an origin any bracket, and what must (not) stand before or after is
    left out (ripgrep has no look-around): all of that spares ripgrep work.
    """
    kinds = [line for kind in classes().values() for line in (*kind.lines, *(told.line() for told in kind.says))]
    lines = []
    for line in kinds:
        programs = "|".join(re.escape(program) for program in line.programs) or r"[^\s:\[]+"
        origin = r"(?:\[[^\]]*\] )?" if {"hostd", "vpxd"} & set(line.programs) else ""
        body = compiled(line.pattern).pattern.decode().removesuffix(r"\Z")
        whole = _without_looking(f"{_HEADER_RE}(?i:{programs})(?:\\[\\w+\\])?: +{origin}{body}$")
        whole = whole.replace(r"[\s\x00-\x20#0-9]", r"[\s#0-9]")
        lines.append(re.sub(r"\(\?P<\w+>", "(?:", whole).replace(r"\x00", "").replace("\\'", "'") + "\n")
    return "".join(lines)


def _without_looking(pattern: str) -> str:
    """A pattern without what must (not) stand before or after; of two cases by a group, both at once."""
    while found := re.search(r"(?<!\\)\(\?(?:<?[!=]|\(\w+\))", pattern):
        at, depth, in_set = found.end(), 1, False
        while depth:
            character = pattern[at]
            at += 2 if character == "\\" else 1
            in_set = character == "[" or (in_set and character != "]")
            depth += 0 if in_set else {"(": 1, ")": -1}.get(character, 0)
        inside = pattern[found.end() : at - 1]
        kept = f"(?:{inside})" if found[0].endswith(")") else ""
        pattern = pattern[: found.start()] + kept + pattern[at:]
    return pattern


def syslog_ng(patterns: Path, out: Path, fetch: int) -> str:
    """The configuration of syslog-ng: standard input, db-parser, and the recognised lines into a file."""
    return f"""@version: 3.38
options {{ stats-freq(0); keep-hostname(yes); use-dns(no); dns-cache(no); }};
source s {{ stdin(log-msg-size(65536) log-fetch-limit({fetch}) log-iw-size({max(fetch * 10, 10_000)})); }};
parser p {{ db-parser(file("{patterns}")); }};
destination d {{
  file("{out}" template("${{event}} ${{HOST}} ${{user}} ${{ip}}\\n") flush-lines(1000) log-fifo-size(200000));
}};
log {{ source(s); parser(p); filter {{ "${{event}}" ne "" }}; destination(d); flags(flow-control); }};
"""


def write(folder: Path) -> None:
    """Puts the configurations of the peers into a folder."""
    (folder / "all_patterns.txt").write_text(ripgrep_all(), encoding="utf-8")
    (folder / "patterndb.xml").write_text(patterndb(), encoding="utf-8")
    (folder / "rules.rb").write_text(lognorm(), encoding="utf-8")
    (folder / "patterns.txt").write_text(ripgrep(), encoding="utf-8")


def _uuid(text: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_DNS, text)
