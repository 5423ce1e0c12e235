"""Which of the operating system's calls a submission cannot make, as a seccomp filter.

They are those that take memory which belongs to no process, so that no limit counts it, and some
that reach deep into the kernel and that no notebook needs. They fail as if they did not exist.
The filter is a program of the Berkeley Packet Filter: see linux/filter.h and linux/seccomp.h.
"""

import platform
import struct
import sys

# The numbers of: memfd_create, memfd_secret, shmget, semget, msgget, mq_open, userfaultfd,
# io_uring_setup, add_key, request_key, keyctl, bpf, perf_event_open; of those that make or enter
# namespaces, unshare, setns, clone3; of clone; and of socket. From asm/unistd_64.h and
# asm-generic/unistd.h.
MACHINES: dict[str, tuple[int, tuple[int, ...], tuple[int, ...], int, int]] = {
    "x86_64": (
        0xC000003E,
        (319, 447, 29, 64, 68, 240, 323, 425, 248, 249, 250, 321, 298),
        (272, 308, 435),
        56,
        41,
    ),
    "aarch64": (
        0xC00000B7,
        (279, 447, 194, 190, 186, 180, 282, 425, 217, 218, 219, 280, 241),
        (97, 268, 435),
        220,
        198,
    ),
}
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # where they stand in struct seccomp_data
NEW_USER_NAMESPACE = 0x10000000  # in the first argument of clone
ALLOW, KILL, NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050000 | 38  # ENOSYS
NO_SUCH_FAMILY = 0x00050000 | 97  # EAFNOSUPPORT
# AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK: ipykernel gathers what its children print by loopback.
FAMILIES = (1, 2, 10, 16)
OTHER_NUMBERING = 0x40000000  # the x32 calls of an x86_64 kernel


def program(namespaces: bool = False) -> bytes:
    """The filter for this machine, empty where its numbers are not known.

    namespaces: whether new user namespaces can be made, and with them others.
    """
    if not sys.platform.startswith("linux") or platform.machine() not in MACHINES:
        return b""
    machine, refused, of_namespaces, clone, socket = MACHINES[platform.machine()]
    last: list[tuple[int, int, int, int]] = [
        (JUMP_IF_EQUAL, 0, len(FAMILIES) + 3, socket),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        *((JUMP_IF_EQUAL, len(FAMILIES) - n, 0, family) for n, family in enumerate(FAMILIES)),
        (RETURN, 0, 0, NO_SUCH_FAMILY),
        (RETURN, 0, 0, ALLOW),
    ]
    if not namespaces:
        refused += of_namespaces
        last += [
            (JUMP_IF_EQUAL, 0, 2, clone),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (JUMP_IF_SET, 1, 0, NEW_USER_NAMESPACE),
        ]
    left = len(refused) + len(last)  # steps between a refused call's and the last of all
    steps = [
        (LOAD, 0, 0, MACHINE),
        (JUMP_IF_EQUAL, 1, 0, machine),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_AT_LEAST, left + 1, 0, OTHER_NUMBERING),
    ]
    for place, number in enumerate(refused):
        steps.append((JUMP_IF_EQUAL, left - place, 0, number))
    steps += [*last, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NO_SUCH_CALL)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
