"""alerts.yaml to Settings, with every mistake at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from viguard.alerts.settings import SCHEMA, SIEM_WAYS, WAYS, Settings
from viguard.alerts.times import end_of, hours_of
from viguard.policy.quoting import quote
from viguard.policy.source import List, Mistakes, Table, Text, Tree, parse, read_text
from viguard.policy.time_zones import mistake_in
from viguard.policy.typed import Reader, suggest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_OBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,199}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{6,15}", re.ASCII)


def load_alerts(path: Path) -> Settings:
    """The settings in a file.

    Raises: PolicyError with every mistake of the file as ``file:line:column: what; how to mend``.
    """
    return loads_alerts(read_text(path), str(path))


def loads_alerts(text: str, file: str) -> Settings:
    """The settings in a text; ``file`` is its name in messages. Raises as in ``load_alerts``."""
    mistakes = Mistakes(file)
    tree = parse(text, mistakes)
    mistakes.check()
    found = Reader(mistakes).read(tree, Settings)
    if isinstance(tree, Table):
        _Sense(tree, mistakes).check()
    mistakes.check()
    return found or Settings()


class _Sense:
    """What types cannot say: names that exist, exactly one way, times, ends, secrets."""

    def __init__(self, tree: Table, mistakes: Mistakes) -> None:
        self.tree, self.mistakes = tree, mistakes
        self.receivers = [n.value for n in _texts(tree, "receivers", "name")]

    def check(self) -> None:
        self._schema()
        self._names("receivers", WAYS)
        self._names("siem", SIEM_WAYS)
        self._known(self.tree.get("fallback"))
        self._zone(self.tree.get("time_zone"))
        for receiver in _tables(self.tree, "receivers"):
            self._receiver(receiver)
        for route in _tables(self.tree, "routes"):
            self._route(route)
        for silence in _tables(self.tree, "silences"):
            self._silence(silence)
        for beat in _tables(self.tree, "heartbeats"):
            self._known(beat.get("receiver"))
        for destination in _tables(self.tree, "siem"):
            self._destination(destination)
        if self.receivers and not _written(self.tree.get("fallback")):
            what = "the key 'fallback' is missing: what matches no route would go to nobody"
            self.mistakes.add(self.tree, what, f"write 'fallback: {self.receivers[0]}'")

    def _schema(self) -> None:
        schema = _written(self.tree.get("schema"))
        if schema and schema.value != SCHEMA:
            what = f"the schema {quote(schema.value)} is not known to this version"
            self.mistakes.add(schema, what, f"this version reads {SCHEMA}")

    def _names(self, key: str, ways: Sequence[str]) -> None:
        names = list(_texts(self.tree, key, "name"))
        counts = Counter(n.value for n in names)
        for name in names:
            if not _NAME.fullmatch(name.value):
                self.mistakes.add(name, f"{quote(name.value)} is no name", "use letters, digits, '.', '_' and '-'")
            elif counts[name.value] > 1:
                self.mistakes.add(name, f"the name {quote(name.value)} is used twice", "give each its own name")
        for entry in _tables(self.tree, key):
            used = [way for way in ways if isinstance(entry.get(way), Table)]
            if len(used) != 1:
                what = f"{len(used)} ways are named" if used else "no way is named"
                self.mistakes.add(entry, what, f"write exactly one of: {', '.join(ways)}")

    def _known(self, node: Tree | None) -> None:
        name = _written(node)
        if name and name.value not in self.receivers:
            self.mistakes.add(name, f"there is no receiver {quote(name.value)}", suggest(name.value, self.receivers))

    def _zone(self, node: Tree | None) -> None:
        name = _written(node)
        if name and (wrong := mistake_in(name.value)):
            self.mistakes.add(name, *wrong)

    def _receiver(self, entry: Table) -> None:
        for way in ("nagios", "nsca"):
            to = entry.get(way)
            if isinstance(to, Table):
                for name in (to.get("host"), to.get("service"), *_items(to, "hosts")):
                    self._object(name)
        push, sms = entry.get("apprise"), entry.get("smstools")
        if isinstance(push, Table):
            self._secret(push.get("urls"))
        if isinstance(sms, Table):
            self._numbers(sms)

    def _object(self, node: Tree | None) -> None:
        name = _written(node)
        if name and not _OBJECT.fullmatch(name.value):
            mend = "use letters, digits, spaces, '.', '_' and '-'"
            self.mistakes.add(name, f"{quote(name.value)} cannot be a Nagios name", mend)

    def _numbers(self, sms: Table) -> None:
        numbers = list(_items(sms, "numbers"))
        if isinstance(sms.get("numbers"), List) and not numbers:
            self.mistakes.add(sms, "no number is named", "add one, as 32475123456")
        for number in numbers:
            if isinstance(number, Text) and not _NUMBER.fullmatch(number.value):
                self.mistakes.add(number, f"{quote(number.value)} is no number", "write digits only, as 32475123456")

    def _secret(self, node: Tree | None) -> None:
        if not isinstance(node, Table):
            return
        if bool(_written(node.get("path"))) == bool(_written(node.get("variable"))):
            what = "where the secret stands is not said in one way"
            self.mistakes.add(node, what, "write either 'path:' (of a file with mode 0600) or 'variable:'")

    def _route(self, route: Table) -> None:
        names = list(_items(route, "receivers"))
        for name in names:
            self._known(name)
        if isinstance(route.get("receivers"), List) and not names:
            self.mistakes.add(route, "the route leads to nobody", "name a receiver; a silence needs owner and end")
        self._zone(route.get("time_zone"))
        hours = _written(route.get("hours"))
        if hours and hours_of(hours.value) is None:
            self.mistakes.add(hours, f"{quote(hours.value)} are no hours", 'write "18:00-08:00"')

    def _silence(self, silence: Table) -> None:
        until = _written(silence.get("until"))
        if until and end_of(until.value) is None:
            what = f"{quote(until.value)} is no time with an offset"
            self.mistakes.add(until, what, "write it as 2026-12-01T12:00+01:00")
        for key in ("owner", "reason"):
            text = silence.get(key)
            if isinstance(text, Text) and not text.plain and not text.value.strip():
                self.mistakes.add(text, f"the {key} is empty", "say it in words")
        if not any(list(_items(silence, key)) for key in ("zones", "rules", "keys")):
            self.mistakes.add(silence, "the silence names nothing", "add zones, rules or keys")

    def _destination(self, entry: Table) -> None:
        splunk, elastic = entry.get("splunk"), entry.get("elastic")
        for to in (splunk, elastic):
            if isinstance(to, Table):
                self._url(to.get("url"))
        if isinstance(splunk, Table):
            self._secret(splunk.get("token"))
        if isinstance(elastic, Table):
            self._secret(elastic.get("api_key"))

    def _url(self, node: Tree | None) -> None:
        text = _written(node)
        problem = url_problem(text.value) if text else ""
        if text and problem:
            self.mistakes.add(text, problem, "write https://server:port, the secret in its own key")


def url_problem(url: str) -> str:
    """What is wrong with the URL of a SIEM, or "". Without TLS only this machine may be addressed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "this is no URL"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "the URL carries more than a server and a path"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "this is no URL of https"
    safe = parts.scheme == "https" or _loopback(parts.hostname)
    return "" if safe else "without TLS everyone on the way can read and alter it"


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _written(node: Tree | None) -> Text | None:
    return node if isinstance(node, Text) and not node.empty else None


def _tables(tree: Table, key: str) -> Iterator[Table]:
    found = tree.get(key)
    yield from (n for n in found.items if isinstance(n, Table)) if isinstance(found, List) else ()


def _items(tree: Table, key: str) -> Iterator[Tree]:
    found = tree.get(key)
    yield from found.items if isinstance(found, List) else ()


def _texts(tree: Table, key: str, of: str) -> Iterator[Text]:
    for table in _tables(tree, key):
        text = _written(table.get(of))
        if text:
            yield text
