"""Which of the operating system's calls a submission cannot make, as a seccomp filter.

They are those that take memory which belongs to no process, so that no limit counts it, and some
that reach deep into the kernel and that no notebook needs. They fail as if they did not exist.
The filter is a program of the Berkeley Packet Filter: see linux/filter.h and linux/seccomp.h.
"""

import platform
import struct
import sys

# The numbers of: memfd_create, memfd_secret, shmget, userfaultfd, io_uring_setup, add_key,
# request_key, keyctl, bpf, perf_event_open. From asm/unistd_64.h and asm-generic/unistd.h.
MACHINES = {
    "x86_64": (0xC000003E, (319, 447, 29, 323, 425, 248, 249, 250, 321, 298)),
    "aarch64": (0xC00000B7, (279, 447, 194, 282, 425, 217, 218, 219, 280, 241)),
}
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE = 0, 4  # where they stand in struct seccomp_data
ALLOW, KILL, NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050000 | 38  # ENOSYS
OTHER_NUMBERING = 0x40000000  # the x32 calls of an x86_64 kernel


def program():
    """The filter as bytes for this machine; none where its numbers are not known."""
    if not sys.platform.startswith("linux") or platform.machine() not in MACHINES:
        return b""
    machine, refused = MACHINES[platform.machine()]
    steps = [
        (LOAD, 0, 0, MACHINE),
        (JUMP_IF_EQUAL, 1, 0, machine),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_AT_LEAST, len(refused) + 1, 0, OTHER_NUMBERING),
    ]
    for place, number in enumerate(refused):
        steps.append((JUMP_IF_EQUAL, len(refused) - place, 0, number))
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NO_SUCH_CALL)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
