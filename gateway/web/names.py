"""Random names of requests, drawn from the kernel many at a time: each draw is a call of its own.

They are no secrets. Whoever needs one draws it with ``secrets``.
"""

import os
from collections.abc import Callable

BLOCK_BYTES = 4096


class Names:
    """Hands out names, on one event loop, from blocks that ``read`` gives."""

    def __init__(self, read: Callable[[int], bytes] = os.urandom) -> None:
        self._read = read
        self._block = b""
        self._at = 0

    def drawn(self, count: int) -> str:
        """Return ``count`` random bytes, as hexadecimal digits. No byte is handed out twice."""
        begin, end = self._at, self._at + count
        if end > len(self._block):
            self._block, begin, end = self._read(BLOCK_BYTES), 0, count
        self._at = end
        return self._block[begin:end].hex()


drawn = Names().drawn
