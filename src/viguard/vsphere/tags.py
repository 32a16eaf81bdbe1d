"""Tags of a vCenter: the one thing about objects that only its REST API tells.

Reading them costs a login of its own, so it is asked for. Source: vSphere Automation API, com.vmware.cis.tagging.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import msgspec

from viguard.errors import LoginError, ReplyError
from viguard.model.facts import Fact, Reason, Unknown
from viguard.vsphere.credentials import Login
from viguard.vsphere.soap import Connection

SESSION = "/rest/com/vmware/cis/session"
TAGGING = "/rest/com/vmware/cis/tagging"
SINCE = "6.5"
BATCH = 200
"""Tags whose objects are asked for in one request."""


def read_tags(connection: Connection, login: Login) -> Fact[Mapping[str, tuple[str, ...]]]:
    """``category:tag`` by moid, sorted; Unknown when the server has no such API or refuses.

    The connection is a fresh one, without a session; the session that is made here is ended here.

    Raises:
        SourceError: the connection failed.
    """
    try:
        with _RestSession(connection, login) as rest:
            return rest.tags()
    except LoginError as error:
        return Unknown(reason=Reason.NO_PERMISSION, detail=error.message)
    except ReplyError as error:
        return Unknown(reason=Reason.FAILED, detail=error.message)
    finally:
        connection.close()


class _RestSession:
    """A session of the REST API: logged in when entered, logged out when left."""

    def __init__(self, connection: Connection, login: Login) -> None:
        self._connection, self._login, self._id = connection, login, ""

    def __enter__(self) -> Self:
        secret = base64.b64encode(f"{self._login.user}:{self._login.password}".encode()).decode()
        self._id = str(self._ask("POST", SESSION, headers={"Authorization": f"Basic {secret}"}))
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ReplyError, LoginError):  # the server has ended it already
            self._ask("DELETE", SESSION)

    def tags(self) -> dict[str, tuple[str, ...]]:
        """``category:tag`` by moid."""
        names = self._names()
        found: dict[str, set[str]] = defaultdict(set)
        ids = list(names)
        for start in range(0, len(ids), BATCH):
            body = {"tag_ids": ids[start : start + BATCH]}
            path = f"{TAGGING}/tag-association?~action=list-attached-objects-on-tags"
            for row in _rows(self._ask("POST", path, body)):
                for thing in _rows(row.get("object_ids")):
                    found[str(thing.get("id", ""))].add(names.get(str(row.get("tag_id")), "?"))
        return {moid: tuple(sorted(tags)) for moid, tags in found.items()}

    def _names(self) -> dict[str, str]:
        """``category:tag`` by tag id."""
        categories = {
            c: self._named(f"{TAGGING}/category/id:{quote(c, safe=':')}") for c in self._ids(f"{TAGGING}/category")
        }
        names = {}
        for tag in self._ids(f"{TAGGING}/tag"):
            told = self._named(f"{TAGGING}/tag/id:{quote(tag, safe=':')}")
            category = categories.get(str(told.get("category_id")), {})
            names[tag] = f"{category.get('name', '?')}:{told.get('name', '?')}"
        return names

    def _ids(self, path: str) -> list[str]:
        found = self._ask("GET", path)
        return [str(i) for i in found] if isinstance(found, list) else []

    def _named(self, path: str) -> dict[str, Any]:
        found = self._ask("GET", path)
        return found if isinstance(found, dict) else {}

    def _ask(self, verb: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        own = {"vmware-api-session-id": self._id} if self._id else {}
        status, reply = self._connection.exchange_json(verb, path, body, {**own, **(headers or {})})
        where = self._connection.endpoint.url
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise LoginError("the REST API refuses this user", where=where, hint="tags stay unknown")
        if status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            raise ReplyError(f"the REST API answers HTTP {status} to {path.partition('?')[0]}", where=where)
        try:
            return msgspec.json.decode(reply).get("value") if reply.strip() else None
        except (msgspec.DecodeError, AttributeError) as error:
            raise ReplyError("the REST API answers no JSON object", where=where) from error


def _rows(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
