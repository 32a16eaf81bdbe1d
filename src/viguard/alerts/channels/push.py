"""E-mail, SMS, pager and chat by apprise, which blocks: it runs in a thread of its own for each receiver."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from contextlib import suppress

from viguard.alerts.channels import DeliveryError
from viguard.alerts.notice import Notice, body, subject

_MENTION = re.compile(r"@(?=(everyone|here|channel|all)\b)", re.IGNORECASE)
_MARKUP = str.maketrans({"<": "‹", ">": "›", "`": "ˋ"})  # noqa: RUF001 - lookalikes are the point


class Push:
    """One receiver by its apprise URLs, all of which have to take a notice. The URLs hold secrets: never shown."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(urls)
        self._busy = False
        self._taken: dict[str, int] = {}

    async def send(self, notice: Notice) -> None:
        """Hand the notice to each URL.

        Raises: DeliveryError when one is no URL of apprise or does not take it, or when the last try still hangs.
        """
        if self._busy:
            raise DeliveryError("the try before this one still hangs")
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        problem: list[str] = []

        def work() -> None:
            try:
                problem.append(self._send(notice.id, plain(subject(notice)), plain(body(notice))))
            except Exception as err:  # noqa: BLE001 - some 170 services; what one of them raises is its failure
                problem.append(f"apprise raised {type(err).__name__}")
            self._busy = False
            with suppress(RuntimeError):  # the loop ended while the service hung
                loop.call_soon_threadsafe(done.set)

        self._busy = True
        threading.Thread(target=work, name="viguard-push", daemon=True).start()
        await done.wait()
        if problem[0]:
            raise DeliveryError(problem[0])

    def _send(self, notice: str, title: str, text: str) -> str:
        """What went wrong, or "". A URL that took the notice in an earlier try does not get it again."""
        try:
            import apprise  # noqa: PLC0415 - 0.13 s, only where a receiver needs it
        except ImportError:
            return "apprise is not installed: pip install viguard[logs]"
        logging.getLogger("apprise").disabled = True  # it would write addresses of the receivers
        for number, url in enumerate(self._urls, 1):
            if number <= self._taken.get(notice, 0):
                continue
            service = apprise.Apprise()
            if not service.add(url):
                return f"URL {number} is none that apprise knows"
            if not service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
                return f"the service of URL {number} did not take it"
            self._taken[notice] = number
        self._taken.pop(notice, None)
        return ""


def plain(text: str) -> str:
    """Text without markup and mentions of everybody, which chats would act on."""
    return _MENTION.sub("@ ", text.translate(_MARKUP))
