"""Waits for the server that typesets formulas until it listens.

sphinxcontrib.katex connects as soon as the server's socket is there. On a busy machine there is a moment between that
and its listening, and a build that falls into it ends with "Connection refused", while the server goes on for good.
"""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from sphinxcontrib.katex import KaTeXServer


def start_server_process(cls: Any, rundir: Path, timeout: float) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the server, and connect to it; replaces the method of the same name."""
    place, pipe = rundir / "katex.sock", subprocess.PIPE
    process = subprocess.Popen(cls.build_command(socket=place), stdin=pipe, stdout=pipe, cwd=rundir)
    end = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(place))
        except OSError:  # not there yet, or not listening yet
            connection.close()
            if time.monotonic() > end:
                process.kill()
                raise cls.timeout_error(timeout) from None
            time.sleep(0.01)
        else:
            return process, connection


def setup(app: Any) -> dict[str, Any]:
    """Put it in the place of the other."""
    KaTeXServer.start_server_process = classmethod(start_server_process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
