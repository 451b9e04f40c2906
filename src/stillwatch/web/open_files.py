"""How many connections a process may hold: systems start one with room for about a thousand, and let it have more."""

import resource
from typing import Final

__all__ = ["allow_connections"]

_MOST: Final = 65_536


def allow_connections(most: int = _MOST) -> int:
    """Let this process have as many open files as it may, up to `most`; how many it may have now.

    With a thousand, idle connections of one client would keep the gateways' new ones out.

    >>> allow_connections() == allow_connections()
    True
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):  # a system that promises more than it gives
        return soft
    return wanted
