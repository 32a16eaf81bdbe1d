"""A session of a server: one login, one logout, a lost session taken up once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from viguard.errors import LoginError, ReplyError, SessionLostError, SourceError
from viguard.model.facts import Struct
from viguard.vsphere.credentials import Login
from viguard.vsphere.faults import NoPermissionFault
from viguard.vsphere.replies import Element, parse, parse_reply, strip_namespaces
from viguard.vsphere.soap import Connection, Ref, element, method
from viguard.vsphere.versions import NEWEST, OLDEST, choose_version, knows

SERVICE = Ref("ServiceInstance", "ServiceInstance")
NO_ROLE = "user and password are right, but the account has no role on this server (NoPermission)"
NO_ROLE_HINT = "give it the role Read-only on the root folder, with propagation, and try again"
VERSIONS_PATH = "/sdk/vimServiceVersions.xml"


class About(Struct, frozen=True, kw_only=True):
    """What a server says of itself before anyone logs in. Source: vim.AboutInfo."""

    name: str
    version: str
    build: str
    line: str
    api_version: str
    full_name: str = ""
    instance_uuid: str = ""

    @property
    def is_vcenter(self) -> bool:
        """Whether this is a VirtualCenter or vCenter."""
        return self.line == "vpx"


class Session:
    """A logged-in session. Use as a context manager: leaving it logs out, also after an error or Ctrl-C.

    ``about`` and ``refs`` (by name in ServiceContent: rootFolder, propertyCollector, …) come from the server;
    ``version`` is the API version both sides speak; ``key`` names the session on the
    server; ``relogins`` counts sessions that the server ended.
    """

    def __init__(self, connection: Connection, login: Login) -> None:
        self.connection, self._login = connection, login
        self.about = About(name="", version="", build="", line="", api_version="")
        self.refs: dict[str, Ref] = {}
        self.relogins, self.key = 0, ""
        self.told_name, self.login_time = "", ""  # who we are and since when, as the server says it
        self._inside = False

    @property
    def version(self) -> str:
        """The API version that is spoken."""
        return self.connection.version

    @property
    def login(self) -> Login:
        """Who logs in, for another API of the same server."""
        return self._login

    def sibling(self) -> Connection:
        """A connection of its own to the same server, without this session."""
        return Connection(self.connection.endpoint, self.connection.limits)

    @property
    def user(self) -> str:
        """Who is logged in."""
        return self._login.user

    def __enter__(self) -> Self:
        try:
            self.connection.version = self._negotiate()
            self._read_content()
            self._log_in()
        except BaseException:
            self.connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inside:
            with suppress(SourceError):  # a server that is gone has ended the session itself
                self.connection.post(method("Logout", self.refs["sessionManager"]))
        self._inside = False
        self.connection.close()

    def call(self, name: str, this: Ref, content: str = "") -> Element:
        """The response of a call. A session that was lost is taken up again, once.

        Raises:
            SourceError: as Connection.call.
        """
        return self.retrying(lambda: self.connection.call(method(name, this, content)))

    def raw(self, name: str, this: Ref, content: str = "") -> bytes:
        """The bytes of the response of a call, for comparing and later decoding.

        Raises:
            SourceError: as Connection.call.
        """
        try:
            return self._raw(name, this, content)
        except SessionLostError:
            self.log_in_again()
            return self._raw(name, this, content)

    def _raw(self, name: str, this: Ref, content: str) -> bytes:
        reply = self.connection.post(method(name, this, content))
        if b"Fault" in reply[:2000]:
            parse_reply(reply, self.connection.endpoint.url)
        return reply

    def retrying(self, work: Callable[[], Element]) -> Element:
        """The result of ``work``, done again after a new login when the session was lost for the first time.

        Raises:
            SessionLostError: it was lost before.
        """
        try:
            return work()
        except SessionLostError:
            self.log_in_again()
            return work()

    def log_in_again(self) -> None:
        """Take up a session that the server ended.

        Raises:
            SessionLostError: that happened before.
            SourceError: it cannot be taken up.
        """
        self._inside = False
        if self.relogins:
            raise SessionLostError(
                "the server ended the session twice",
                where=self.connection.endpoint.url,
                hint="does something end idle or foreign sessions there?",
            )
        self.relogins += 1
        self._log_in()

    def _negotiate(self) -> str:
        document = self.connection.get(VERSIONS_PATH)
        if document is None:
            return ""
        try:
            root = strip_namespaces(parse(document, self.connection.endpoint.url))
        except ReplyError:
            return ""
        spaces = [n for n in root.iter("namespace") if n.findtext("name") == "urn:vim25"]
        offered = [
            v.text or "" for n in spaces for tag in ("version", "priorVersions/version") for v in n.iterfind(tag)
        ]
        if not spaces or not offered:
            return ""
        if version := choose_version(offered):
            return version
        raise ReplyError(
            f"the server speaks API {', '.join(offered[:5])}: viguard speaks {OLDEST} to {NEWEST}",
            where=self.connection.endpoint.url,
        )

    def _read_content(self) -> None:
        content = self.connection.call(method("RetrieveServiceContent", SERVICE)).find("returnval")
        about = content.find("about") if content is not None else None
        if content is None or about is None:
            raise ReplyError("the server does not say what it is", where=self.connection.endpoint.url)
        self.refs = {str(e.tag): Ref(e.get("type", ""), e.text or "") for e in content if e.get("type")}
        self.about = _about(about)
        if not self.connection.version:
            self.connection.version = choose_version([self.about.api_version]) or _nearest(self.about.api_version)

    def _log_in(self) -> None:
        credentials = element("userName", self._login.user) + element("password", self._login.password)
        try:
            entered = self.connection.call(method("Login", self.refs["sessionManager"], credentials))
        except NoPermissionFault as fault:  # a wrong user or password is an InvalidLogin
            raise LoginError(NO_ROLE, where=self.connection.endpoint.url, hint=NO_ROLE_HINT) from fault
        self.key = entered.findtext("returnval/key") or ""
        self.told_name = entered.findtext("returnval/userName") or ""
        self.login_time = entered.findtext("returnval/loginTime") or ""
        self._inside = True


def _nearest(version: str) -> str:
    return NEWEST if knows(version, NEWEST) else OLDEST


def _about(found: Element) -> About:
    def text(name: str) -> str:
        return found.findtext(name) or ""

    return About(
        name=text("name"),
        version=text("version"),
        build=text("build"),
        line=text("productLineId"),
        api_version=text("apiVersion"),
        full_name=text("fullName"),
        instance_uuid=text("instanceUuid"),
    )
