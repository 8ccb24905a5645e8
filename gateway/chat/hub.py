"""The hub of a gateway: reads what is new in a room once, and hands it to all who listen there."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from gateway.aggregation.background import give_up
from gateway.aggregation.errors import SourceError
from gateway.chat import metrics, store
from gateway.chat.attendance import Attendance
from gateway.chat.bell import REST_SECONDS, Bell
from gateway.chat.listener import Listener
from gateway.chat.protocol import Close, Ending, Status, encoded
from gateway.telemetry.logs import log

LOOK_SECONDS = 3.0
"""How often a gateway looks at its rooms although nobody rang."""

LOOK_OFTEN_SECONDS = 1.0
"""The same, while the bell is silent."""

PAUSE_SECONDS = 0.1

LIVE = Status(live=True, sentence="Messages arrive at once again.")
LATE = Status(live=False, sentence="Messages arrive some seconds late at the moment.")
STUCK = Status(
    live=False,
    sentence="Messages can be neither sent nor shown at the moment. What you write waits here.",
)


class Feed:
    """One room, with all who listen in it here. ``since`` is the last change that they know."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.listeners: set[Listener] = set()
        self.since = -1
        self.rung = asyncio.Event()
        self.beginning = asyncio.Lock()
        self.reading: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Begin to read, if that has not been done. Raises ``NoSuchRoom``, ``SourceError``."""
        async with self.beginning:
            if self.reading is None:
                found = await store.counters([self.room])
                if self.room not in found:
                    raise store.NoSuchRoom
                self.since = found[self.room]
                self.reading = asyncio.create_task(self._read())

    def tell(self, text: str, change: int = 0) -> None:
        """Offer ``text`` to all."""
        for listener in self.listeners:
            listener.offer(text, change)

    def close(self) -> None:
        """Send all away: the room is gone."""
        for listener in self.listeners:
            listener.end(no_such_room())

    async def _read(self) -> None:
        while True:
            await self.rung.wait()
            self.rung.clear()
            try:
                news = await store.news_since(self.room, self.since)
            except store.NoSuchRoom:
                self.close()
                continue
            except SourceError:
                continue  # whoever looks at the rooms finds that, and rings again
            for change in news.changes:
                self.since = change.change
                self.tell(encoded(change), change.change)
            if len(news.changes) < store.AT_ONCE:
                self.since = news.last
            else:
                self.rung.set()
                # Whoever keeps up has time to take in so many, before there are more.
                await asyncio.sleep(PAUSE_SECONDS)


class Hub:
    """All rooms in which anybody listens here. It works only while there is somebody."""

    def __init__(self) -> None:
        self.attendance = Attendance()
        self.bell = Bell(self.ring, self._bell_changed)
        self.status = LIVE
        self._feeds: dict[str, Feed] = {}
        self._work: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._store_answers = True

    def ring(self, room: str) -> None:
        """Let what is new in ``room`` be read, if anybody listens there."""
        if room in self._feeds:
            self._feeds[room].rung.set()

    @contextmanager
    def listening(self, room: str, listener: Listener) -> Iterator[Feed]:
        """Give the room's feed; within the block ``listener`` is offered what is new there."""
        feed = self._feeds.get(room)
        if feed is None:
            feed = self._feeds[room] = Feed(room)
        feed.listeners.add(listener)
        self._wake()
        try:
            yield feed
        finally:
            feed.listeners.discard(listener)
            if not feed.listeners and self._feeds.get(room) is feed:
                self._forget(feed)

    def _forget(self, feed: Feed) -> None:
        del self._feeds[feed.room]
        if feed.reading is not None:
            give_up([feed.reading])
        if not self._feeds and self._work is not None:
            self.bell.over = True
            self._work.cancel()

    def _wake(self) -> None:
        before = self._work
        if before is None or before.done() or self.bell.over:
            self.bell = Bell(self.ring, self._bell_changed, live=self.bell.live)
            self._work = asyncio.create_task(self._attend(self.bell, before))

    async def _attend(self, bell: Bell, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            # It still takes down what we are about to put up.
            await asyncio.wait({before}, timeout=REST_SECONDS)
        while not bell.over:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(bell.attend())
                    group.create_task(self._look_after_rooms())
            except* Exception as errors:  # noqa: BLE001 - visitors who listen must not be forgotten
                log.error("chat.hub_failed", exc_info=errors)
            await asyncio.sleep(REST_SECONDS)

    async def _look_after_rooms(self) -> None:
        while True:
            seconds = LOOK_SECONDS if self.status is LIVE else LOOK_OFTEN_SECONDS
            try:
                async with asyncio.timeout(seconds):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            await self._look_once()

    async def _look_once(self) -> None:
        try:
            found = await store.counters(list(self._feeds))
        except SourceError:
            self._store_answers = False
        else:
            self._store_answers = True
            for room, feed in list(self._feeds.items()):
                self._compare(feed, found.get(room))
        self._tell_status()

    def _compare(self, feed: Feed, changes: int | None) -> None:
        if feed.reading is None:
            return  # it has only just begun
        if changes is None:
            feed.close()
        elif changes != feed.since:
            feed.rung.set()

    def _bell_changed(self) -> None:
        self._tell_status()
        self._look.set()

    def _tell_status(self) -> None:
        status = LIVE if self.bell.live else LATE
        status = status if self._store_answers else STUCK
        if status is not self.status:
            self.status = status
            metrics.live.set(status.live)
            for feed in self._feeds.values():
                feed.tell(encoded(status))


def no_such_room() -> Ending:
    """Return the end of a connection to a room that is not there, or not any more."""
    return Ending(Close.NO_SUCH_ROOM, "There is no such room.")


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop; the first call makes it."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
