"""The last moments of a listening socket, before it is closed.

Whoever closes one resets all whom the kernel has let in and nobody has accepted; and between the
last look for them and the closing another one may come, with his whole request. So the kernel is
told first to overlook whoever begins to connect: he tries again after a second, hears that nobody
listens here any more, and goes elsewhere with a request that was never sent.
"""

import asyncio
import ctypes
import logging
import socket
import sys

log = logging.getLogger(__name__)

HALF_IN_SECONDS = 0.05
"""For those who are between their first packet and their last one of coming in."""

_SO_ATTACH_FILTER = 26
_FLAGS_AT = 13
_SYN, _SYN_OR_ACK = 0x02, 0x12
_LOAD_BYTE, _AND, _JUMP_IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_ALL = 0xFFFFFFFF

OVERLOOK_WHO_BEGINS = (
    (_LOAD_BYTE, 0, 0, _FLAGS_AT),
    (_AND, 0, 0, _SYN_OR_ACK),
    (_JUMP_IF_EQUAL, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, _ALL),
)
"""A classic BPF program over a TCP segment: (code, jump if true, jump if false, operand). It drops
those that begin a connection; connections that were let in take it with them, and never see one."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("first", ctypes.POINTER(_Instruction)))


def overlook_newcomers(listening: socket.socket) -> bool:
    """Let nobody more begin to connect; return whether the kernel does so. Only Linux can."""
    if not sys.platform.startswith("linux"):
        return False
    instructions = (_Instruction * len(OVERLOOK_WHO_BEGINS))(
        *(_Instruction(*each) for each in OVERLOOK_WHO_BEGINS)
    )
    program = _Program(len(instructions), instructions)
    try:
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))
    except OSError as error:
        log.warning("The door closes at once, for the kernel overlooks nobody: %s", error)
        return False
    return True


async def empty(*listening: socket.socket) -> None:
    """Return when nobody is on his way in any more, and all who came can be accepted."""
    overlooked = [overlook_newcomers(each) for each in listening]
    if any(overlooked):
        await asyncio.sleep(HALF_IN_SECONDS)
