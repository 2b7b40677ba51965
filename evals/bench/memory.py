"""Resident memory of processes, in MB (10^6 bytes); pages that several share count once."""

import psutil


def resident_mb(pid: int | None) -> float:
    """The process and its children, proportionally to what they share (PSS)."""
    if pid is None:
        return 0.0
    parent = psutil.Process(pid)
    return sum(_pss(one) for one in (parent, *parent.children(recursive=True))) / 1e6


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0.0
