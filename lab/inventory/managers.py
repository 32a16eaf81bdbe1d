"""The management server's own things: settings, custom fields, alarms, scheduled tasks, extensions, past events."""

from __future__ import annotations

from typing import Any

from lab.inventory.estate import OWNER_FIELD, SITE_FIELD, Estate
from lab.inventory.source import read

FIELDS = [
    {"key": SITE_FIELD, "name": "Site", "type": "HostSystem", "managedObjectType": "HostSystem"},
    {"key": OWNER_FIELD, "name": "Owner", "type": "VirtualMachine", "managedObjectType": "VirtualMachine"},
]
"""The custom fields."""


def settings(estate: Estate) -> list[dict[str, Any]]:
    """Rows of key and value; whole numbers are long on the wire."""
    laid = read("vcenter")["settings"] | _own_name(estate) | estate.row.get("settings", {})
    return [{"key": k, "value": {"long": v} if type(v) is int else v} for k, v in laid.items()]


def managers(estate: Estate) -> dict[str, Any]:
    """Alarms, scheduled tasks, extensions and past events."""
    rows, own, root = read("vcenter"), estate.row, f"Folder:{estate.root}"
    return {
        "alarms": [_alarm(i, a, root) for i, a in enumerate(own.get("alarms", rows["alarms"]), 1)],
        "scheduled": [_task(i, t, root) for i, t in enumerate(own.get("scheduled", rows["scheduled"]), 1)],
        "extensions": [_extension(x) for x in rows["extensions"] + own.get("extensions", [])],
        "events": [_event(estate, e) for e in own.get("events", [])],
    }


def _own_name(estate: Estate) -> dict[str, str]:
    """What a management server says of itself: name and address of the guest that it runs on."""
    if "runs_on" not in estate.row:
        return {}
    guest = estate.find(estate.named[estate.row["runs_on"]])["guest"]
    return {"VirtualCenter.InstanceName": guest["hostName"], "VirtualCenter.ManagedIP": guest["ipAddress"]}


def _alarm(number: int, row: dict[str, Any], root: str) -> dict[str, Any]:
    ref = f"Alarm:alarm-{number}"
    info = {
        "key": f"alarm-{number}",
        "alarm": ref,
        "entity": root,
        "lastModifiedTime": -86400 * 100,
        "lastModifiedUser": "",
        "creationEventId": 0,
        "name": row["name"],
        "description": row["name"],
        "enabled": True,
        "expression": {
            "_type": "OrAlarmExpression",
            "expression": [{"_type": "EventAlarmExpression", "eventType": row["event"]}],
        },
        "action": {"_type": "GroupAlarmAction", "action": [_mail(row["mail"])]},
    }
    return {"ref": ref, "props": {"info": info}}


def _mail(to: str) -> dict[str, Any]:
    """AlarmTriggeringAction that sends mail when things get worse."""
    return {
        "_type": "AlarmTriggeringAction",
        "green2yellow": True,
        "yellow2red": True,
        "red2yellow": False,
        "yellow2green": False,
        "action": {
            "_type": "SendEmailAction",
            "toList": to,
            "ccList": "",
            "subject": "vSphere alarm",
            "body": "{alarmName}",
        },
    }


def _task(number: int, row: dict[str, Any], root: str) -> dict[str, Any]:
    ref = f"ScheduledTask:schedule-{number}"
    info = {
        "scheduledTask": ref,
        "entity": root,
        "lastModifiedTime": -86400 * 30,
        "lastModifiedUser": "BELNET\\mvandenbroeck",
        "name": row["name"],
        "description": row["name"],
        "enabled": True,
        "notification": "",
        "nextRunTime": 86400,
        "prevRunTime": -86400 * 6,
        "state": "success",
        "progress": 0,
        "scheduler": {"_type": "DailyTaskScheduler", "interval": 1, "hour": 2, "minute": 0},
        "action": {"_type": "MethodAction", "name": row["method"]},
    }
    return {"ref": ref, "props": {"info": info}}


def _extension(row: dict[str, Any]) -> dict[str, Any]:
    description = {"_type": "Description", "label": row["label"], "summary": row["label"]}
    return {
        "key": row["key"],
        "company": row["company"],
        "version": row["version"],
        "lastHeartbeatTime": -60,
        "description": description,
        "server": [
            {
                "url": row["url"],
                "type": "HTTPS",
                "company": row["company"],
                "adminEmail": ["noc@belnet.be"],
                "description": description,
            }
        ],
    }


def _event(estate: Estate, row: dict[str, Any]) -> dict[str, Any]:
    """A past event; ``guest`` and ``user`` name what it is about."""
    props = dict(
        row["props"],
        userName=row["user"],
        fullFormattedMessage=f"{row['type']} {row.get('guest', '')} {row['user']}".replace("  ", " "),
    )
    if "guest" in row:
        ref = estate.named[row["guest"]]
        props["vm"] = {"name": row["guest"], "vm": ref}
        props["host"] = {"name": "", "host": estate.find(ref)["runtime"]["host"]}
        if "srcTemplate" in props:
            template = props["srcTemplate"]["name"]
            props["srcTemplate"] = {"name": template, "vm": estate.named[template]}
    return {"type": row["type"], "ago_s": row["ago_s"], "props": props}
