"""What a WebSocket may cost, on any server of ours. Plain code, without a clock of its own."""

MOST_MESSAGE_BYTES = 16_384
"""Of one message on the wire; more is closed with 1009. The application has limits of its own."""

READ_BYTES = 4_096
"""What is read at once: some hundred of the smallest frames, and then others have a turn."""

SEND_BUFFER_BYTES = 65_536
"""Of the kernel's memory for what a visitor has not taken in yet."""

BYTES_PER_SECOND = 16_384
BURST_BYTES = 32_768
"""What a visitor may send, whatever it is: frames without content are work too."""

LAST_BYTES = 1_048_576
LAST_FRAMES = 200
"""What is still read after we have closed: the reply to that stands behind what was on its way."""

CLOSE_SECONDS = 5.0
"""For how long we wait for that reply."""

PING_SECONDS = 20.0
"""How often we ask whether anybody is there, and for how long we wait to hear it."""

GOING_AWAY = 1001
FAREWELL = "This server is about to end; please connect again."


class Pace:
    """Counts what is read, from ``now`` on. Times are seconds."""

    def __init__(self, now: float) -> None:
        self._left = float(BURST_BYTES)
        self._filled_at = now

    def spend(self, count: int, now: float) -> float:
        """Take note of ``count`` bytes; return for how long nothing more would be welcome."""
        earned = (now - self._filled_at) * BYTES_PER_SECOND
        self._left = min(float(BURST_BYTES), self._left + earned) - count
        self._filled_at = now
        return max(0.0, -self._left / BYTES_PER_SECOND)
