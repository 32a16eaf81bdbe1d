"""What ``iptables-save`` and ``ip6tables-save`` write, as rule sets.

Source: iptables(8), iptables-extensions(8).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from viguard.errors import InputError
from viguard.model.facts import Struct
from viguard.network.addresses import Family
from viguard.network.match import Chains, Line, Verdict
from viguard.network.parse.iptables_options import Said, look
from viguard.network.rules import Action, RuleSet

_ACTIONS = {"ACCEPT": Action.PERMIT, "DROP": Action.DENY, "REJECT": Action.DENY, "TARPIT": Action.DENY}
_ELSEWHERE = {"QUEUE", "NFQUEUE", "DELUDE", "SYNPROXY"}
_GOES_ON = {
    "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TCPMSS", "CLASSIFY", "DSCP", "TOS", "TTL", "HL",
    "SET", "TRACE", "AUDIT", "CHECKSUM", "SECMARK", "CONNSECMARK", "RATEEST", "ECN", "TEE", "LED", "IDLETIMER",
}  # fmt: skip


class Saved(Struct, frozen=True, kw_only=True):
    """What a file says: a rule set for each chain that packets enter at, and what of the file is not in them."""

    sets: Mapping[str, RuleSet]
    notes: tuple[str, ...] = ()


def parse(text: str, name: str, family: Family) -> Saved:
    """The table ``filter`` of a saved file.

    Raises: InputError with ``name:line`` for what cannot be read.
    """
    file = _File(family)
    for number, line in enumerate(text.splitlines(), 1):
        file.take(line.strip(), f"{name}:{number}")
    if not file.policies:
        raise InputError("this is no file of iptables-save: no table 'filter' in it", where=name)
    made = Chains(file.chains, family)
    sets = {
        chain: RuleSet(
            name=f"{name} {chain}",
            family=family,
            rules=made.rules(chain, policy),
            default=policy,
            stateful=file.knows_state(chain),
        )
        for chain, policy in file.policies.items()
    }
    return Saved(sets=sets, notes=tuple(file.notes))


class _File:
    """A file while it is read."""

    def __init__(self, family: Family) -> None:
        self.chains: dict[str, list[Line]] = {}
        self.policies: dict[str, Action] = {}
        self.notes: dict[str, None] = {}
        self._family, self._table, self._stateful = family, "", set[str]()

    def take(self, line: str, where: str) -> None:
        """The next line."""
        if not line or line.startswith("#") or line == "COMMIT":
            return
        if line.startswith("*"):
            self._table = line[1:]
        elif self._table != "filter":
            if not line.startswith(":"):
                self.notes[f"the rules of the table {self._table or 'without a name'} are not looked at"] = None
        elif line.startswith(":"):
            chain, policy = _chain(line, where)
            self.chains.setdefault(chain, [])
            if policy is not None:
                self.policies[chain] = policy
        else:
            chain, read, is_old_only = _line(line, where, self._family)
            self.chains.setdefault(chain, []).append(read)
            if is_old_only and read.verdict.action is Action.PERMIT:
                self._stateful.add(chain)

    def knows_state(self, chain: str) -> bool:
        """Whether a line of a chain, or of one that it leads to, lets in what belongs to known flows."""
        seen, waiting = set[str](), [chain]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                verdicts = [line.verdict for line in self.chains.get(one, ())]
                waiting += [name for verdict in verdicts for name in (verdict.jump, verdict.goto) if name]
        return bool(seen & self._stateful)


def _chain(line: str, where: str) -> tuple[str, Action | None]:
    words = line[1:].split()
    if len(words) < 2:
        raise InputError("a chain without a policy", where=where)
    return words[0], None if words[1] == "-" else _ACTIONS.get(words[1], Action.DENY)


def _line(line: str, where: str, family: Family) -> tuple[str, Line, bool]:
    """The chain that a line is for, the line, and whether it fits only packets of known flows."""
    words = _words(line, where)
    if words[0].startswith("["):  # counters, with -c
        words = words[1:]
    if len(words) < 2 or words[0] not in {"-A", "--append"}:
        raise InputError("no line of iptables-save", where=where, hint="save the rules with iptables-save")
    said, verdict, why = Said(family), Verdict(), ""
    for option, values, negated in _options(words[2:], where):
        if option in {"-j", "--jump"}:
            verdict = _verdict(values, where)
        elif option in {"-g", "--goto"}:
            verdict = Verdict(goto=_one(values, where))
        elif option == "--comment":
            why = _one(values, where)
        else:
            try:
                look(said, option, values, negated=negated)
            except ValueError as error:
                raise InputError(f"{option}: {error}", where=where) from error
    match = said.match
    if match is not None:
        unsure = f"it also looks at {', '.join(dict.fromkeys(said.unsure))}" if said.unsure else ""
        match = replace(match, unsure=unsure, interfaces=tuple(said.interfaces))
    return words[1], Line(match=match, verdict=verdict, where=where, text=line, why=why), said.is_old_only


def _words(line: str, where: str) -> list[str]:
    if '"' not in line and "'" not in line and "\\" not in line:
        return line.split()
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InputError(f"a quote that does not end: {error}", where=where) from error


def _options(words: Sequence[str], where: str) -> Iterator[tuple[str, list[str], bool]]:
    """Each option with its values and whether it is turned around by ``!``."""
    negated, at = False, 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "!":
            negated = True
            continue
        if not word.startswith("-"):
            raise InputError(f"{word!r} belongs to no option", where=where)
        values = []
        while at < len(words) and not words[at].startswith("-") and words[at] != "!":
            values.append(words[at])
            at += 1
        yield word, values, negated
        negated = False


def _verdict(values: Sequence[str], where: str) -> Verdict:
    target = _one(values, where)
    if target in _ACTIONS:
        return Verdict(action=_ACTIONS[target])
    if target == "RETURN":
        return Verdict(is_return=True)
    if target in _ELSEWHERE:
        return Verdict(elsewhere=f"{target} hands it to something else")
    return Verdict() if target in _GOES_ON else Verdict(jump=target)


def _one(values: Sequence[str], where: str) -> str:
    if not values:
        raise InputError("an option without its value", where=where)
    return values[0]
