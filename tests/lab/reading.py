"""Shared reading steps of the lab's tests."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from pyVmomi import vim, vmodl

Collector = vmodl.query.PropertyCollector


def find(si: Any, kind: Any, name: str) -> Any:
    """The inventory object of that name."""
    content = si.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    try:
        return next(o for o in view.view if o.name == name)
    finally:
        view.Destroy()


def host(si: Any, number: int) -> Any:
    """esxblade<number>."""
    return find(si, vim.HostSystem, f"esxblade{number}.fw.belnet.be")


def names(si: Any, kind: Any) -> list[str]:
    """Names of all objects of a kind that the user sees."""
    return [row["name"] for row in properties(si, kind, ["name"]).values()]


def specs(si: Any, kind: Any, paths: list[str]) -> Any:
    """A filter over every object of a kind."""
    content = si.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    walk = Collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    return Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
        propSet=[Collector.PropertySpec(type=kind, pathSet=paths)],
    )


def properties(si: Any, kind: Any, paths: list[str]) -> dict[str, dict[str, Any]]:
    """Properties of every object of a kind, by reference value, with the call that every API version has."""
    got = si.content.propertyCollector.RetrieveContents([specs(si, kind, paths)])
    return {o.obj._moId: {p.name: p.val for p in o.propSet} for o in got}


def soap(endpoint: Any, body: str, cookie: str | None = None) -> tuple[int, str, str]:
    """Post a raw envelope and give (status, text, cookie): what a client library would refuse to send."""
    envelope = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{body}</s:Body></s:Envelope>'
    )
    headers = {"Content-Type": "text/xml"} | ({"Cookie": cookie} if cookie else {})
    request = urllib.request.Request(endpoint.url, envelope.encode(), headers)
    try:
        with urllib.request.urlopen(request, context=endpoint.context(), timeout=60) as answer:
            return (
                answer.status,
                answer.read().decode(errors="surrogateescape"),
                answer.headers.get("Set-Cookie", "").split(";")[0],
            )
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read().decode(errors="surrogateescape"), ""


def raw_login(endpoint: Any, name: str = "auditor", password: str | None = None) -> str:
    """The session cookie, or the text of the fault."""
    who = endpoint.account(name)
    _, text, cookie = soap(
        endpoint,
        '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this>'
        f"<userName>{who.user}</userName><password>{password or who.password}</password></Login>",
    )
    return cookie or text
