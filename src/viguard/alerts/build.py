"""Channels from settings: secrets are read here, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from viguard.alerts.channels import Channel
from viguard.alerts.channels.command_file import CommandFile
from viguard.alerts.channels.nsca import Nsca
from viguard.alerts.channels.push import Push
from viguard.alerts.channels.results import Objects, Open
from viguard.alerts.channels.sms import Sms
from viguard.alerts.secret import read_secret
from viguard.alerts.settings import NagiosTo, NscaTo, Receiver, Settings

OpenNow = Callable[[], Iterable[Open]]


def channels_of(settings: Settings, open_now: OpenNow) -> dict[str, Channel]:
    """The way to each receiver. ``open_now`` says which troubles are open when it is called.

    Raises: InputError when a secret cannot be read.
    """
    return {r.name: _channel(r, open_now) for r in settings.receivers}


def _channel(receiver: Receiver, open_now: OpenNow) -> Channel:
    if receiver.nagios is not None:
        return CommandFile(Path(receiver.nagios.command_file), _objects(receiver.nagios, open_now))
    if receiver.nsca is not None:
        return Nsca(receiver.nsca, _objects(receiver.nsca, open_now))
    if receiver.smstools is not None:
        return Sms(Path(receiver.smstools.outgoing), receiver.smstools.numbers)
    if receiver.apprise is not None:
        return Push(read_secret(receiver.apprise.urls).split())
    raise ValueError(receiver.name)  # the loader lets no receiver without a way pass


def _objects(to: NagiosTo | NscaTo, open_now: OpenNow) -> Objects:
    return Objects(to.host, to.service, frozenset({to.host, *to.hosts}), open_now)
