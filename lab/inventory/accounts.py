"""Accounts, roles and permissions of one endpoint."""

from __future__ import annotations

import secrets
from typing import Any

from lab.inventory.source import read

_SYSTEM = {"Admin": -1, "ReadOnly": -2, "View": -3, "NoAccess": -5}


def role_id(name: str) -> int:
    """Number of a role."""
    return _SYSTEM[name] if name in _SYSTEM else read("accounts")["roles"][name]["id"]


def privileges(name: str, api: str) -> list[str]:
    """A role's privileges on a server of an API version, with those of the role that it includes."""
    row = read("accounts")["roles"][name]
    found = {*row["privileges"], *(privileges(row["include"], api) if "include" in row else ())}
    for since, more in row.get("since", {}).items():
        if _version(api) >= _version(since):
            found |= {*more}
    return sorted(found)


def _version(api: str) -> list[int]:
    return [int(part) for part in api.split(".")]


def roles(api: str) -> list[dict[str, Any]]:
    """The endpoint's own roles."""
    return [
        {"id": row["id"], "name": name, "privileges": privileges(name, api)}
        for name, row in read("accounts")["roles"].items()
    ]


def login_name(row: dict[str, Any], style: str, api_type: str) -> str:
    """How an endpoint knows an account: DOMAIN\\user on the old ones, user@domain today, plain names on a host."""
    if api_type == "HostAgent":
        return (
            "root"
            if row["name"] == "administrator"
            else row["user"].split("\\")[-1]
            if row["name"] != "root"
            else "local-root"
        )
    return row["today"] if style == "today" else row["user"]


def accounts(style: str, api_type: str) -> list[dict[str, Any]]:
    """The user table, with fresh passwords."""
    return [
        {
            "name": row["name"],
            "user": login_name(row, style, api_type),
            "password": secrets.token_urlsafe(12),
            "fullName": row["full_name"],
            "groups": row.get("groups", []),
        }
        for row in read("accounts")["accounts"]
    ]


def permissions(
    users: list[dict[str, Any]], entities: dict[str, str], extra: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Permission rows; ``entities`` maps an object's name to its reference. Rows on objects that this endpoint lacks are left out."""
    of = {u["name"]: u["user"] for u in users}
    out = []
    replaced = {(row.get("principal"), row.get("entity")) for row in extra}
    plain = [
        row
        for row in read("accounts")["permissions"]
        if "group" in row or (row["principal"], row.get("entity")) not in replaced
    ]
    for row in plain + extra:
        entity = row.get("entity")
        if entity and entity not in entities:
            continue
        group = "group" in row
        out.append(
            {
                "entity": entities[entity] if entity else "",
                "principal": row["group"] if group else of.get(row["principal"], row["principal"]),
                "group": group,
                "role": role_id(row["role"]),
                "propagate": row.get("propagate", True),
            }
        )
    return out
