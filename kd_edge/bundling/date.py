"""The date of a bundle."""

from __future__ import annotations

import os
from datetime import datetime, timezone

from kd_edge_runtime.errors import InputError, printable


def bundle_date() -> str:
    """The time that a bundle says it was made at: that of SOURCE_DATE_EPOCH, if it is set.

    The same students then give the same bytes; see reproducible-builds.org.

    Raises:
        InputError: the variable holds no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        now = datetime.fromtimestamp(int(given), timezone.utc) if given else None
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"SOURCE_DATE_EPOCH is '{printable(given)}': it has to be a number of seconds since "
            "1970, as of 'date +%s'"
        ) from None
    return (now or datetime.now(timezone.utc)).isoformat(timespec="seconds")
