"""What the system says where a disk or its memory refuses, in plain words."""

from __future__ import annotations

import errno

_WRITE_PROBLEMS = {
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.EACCES: "you are not allowed to write there",
    errno.EPERM: "you are not allowed to write there",
    errno.EROFS: "the disk is read-only; it may need a check (fsck)",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.EEXIST: "there is a file where a folder is needed",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EISDIR: "there is a folder of that name",
    errno.EFBIG: "the file is larger than may be there",
    errno.ENOENT: "the folder no longer exists",
    errno.ENODEV: "the disk or card was removed",
    errno.ENXIO: "the disk or card was removed",
    errno.EIO: "the disk or card reports an error",
    errno.ELOOP: "there is a link in the place of a file",
    errno.EBADF: "it is closed",
}

_ELSEWHERE = "give another place"
_ADVICE = {
    errno.ENOSPC: f"make room there, or {_ELSEWHERE}",
    getattr(errno, "EDQUOT", errno.ENOSPC): f"remove files of yours there, or {_ELSEWHERE}",
    errno.EACCES: f"{_ELSEWHERE}, or have its permissions changed",
    errno.EPERM: f"{_ELSEWHERE}, or have its permissions changed",
    errno.ENAMETOOLONG: "give a shorter one",
    errno.EISDIR: "give the name of a file",
    errno.ELOOP: f"remove it, or {_ELSEWHERE}",
}

# Those that an open stream gives.
_OUTPUT_PROBLEMS = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EBADF, errno.EIO)


def disk_words(error: OSError) -> str | None:
    """What an error of the system means for whoever writes a file, or None for another."""
    return _WRITE_PROBLEMS.get(error.errno or 0)


def advice(error: OSError) -> str:
    """What to do where `disk_words` has words for an error."""
    return _ADVICE.get(error.errno or 0, _ELSEWHERE)


def output_words(error: BaseException) -> str | None:
    """What an error means that an output without a name, such as a pipe, gave; None for another."""
    if not isinstance(error, OSError) or error.filename is not None:
        return None
    return disk_words(error) if error.errno in _OUTPUT_PROBLEMS else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, whichever library raised it."""
    # Torch and ONNX Runtime raise errors of their own, which say it in words.
    said = (
        str(error) if isinstance(error, RuntimeError) or "Runtime" in type(error).__name__ else ""
    )
    words = ("out of memory", "can't allocate memory", "Failed to allocate memory")
    return isinstance(error, MemoryError) or any(one in said for one in words)
