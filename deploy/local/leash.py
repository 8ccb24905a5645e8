"""Becomes another program that cannot outlive the process that asked for it.

Run as ``python leash.py PARENT_PID SIGNAL USER PROGRAM ARGUMENT ...`` with the standard library
alone. The kernel sends SIGNAL to the program when the parent dies, however it dies. USER is ``-``
to stay who we are, or the name of the user to become (for Postgres, which refuses to be root).

It is a program of its own, and not a hook between fork and exec, because running Python code
there is unsafe in a process that has threads.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def become(user: str) -> None:
    """Give up root for ``user``, but keep root's reach over files where the system allows it.

    A clone below a private home could otherwise not be entered any more, and opening the home to
    everybody is not ours to do. See capabilities(7), "ambient" and "securebits": without the bit
    the kernel takes the reach away from access(2), which Postgres asks about its own programs.
    """
    entry = pwd.getpwnam(user)
    _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    if not sys.platform.startswith("linux"):
        return
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two sets of effective, permitted and inheritable; the second holds capabilities from 32 on.
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if ctypes.CDLL(None).capset(header, sets) == 0:
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def tie(parent: int, signal_number: int) -> None:
    """Ask the kernel for ``signal_number`` when ``parent`` is gone; leave if it is gone already."""
    _prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit(1)


def _prctl(option: int, argument: int, more: int = 0) -> None:
    """Linux alone knows prctl; elsewhere only an orderly end takes the children along."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, argument, more, 0, 0)


def main(arguments: list[str]) -> None:
    """Become the program named in ``arguments``; on failure one sentence and exit code 127."""
    parent, signal_number, user, *command = arguments
    try:
        if user != "-":
            become(user)
        # Changing the user clears the tie, so it comes last.
        tie(int(parent), int(signal_number))
        os.execvp(command[0], command)  # noqa: S606 - becoming another program is the point
    except (OSError, KeyError) as error:
        sys.exit(f"{command[0]} cannot be started: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
