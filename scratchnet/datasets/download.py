"""Fashion-MNIST from its public mirrors, over HTTP, through pooch.

A mirror that fails once is not asked again, and one that stays silent is left after ``PATIENCE`` seconds, so
a machine without a network learns so soon.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from scratchnet.datasets.files import DataFile
from scratchnet.datasets.idx import gunzip_if_needed
from scratchnet.errors import DatasetError

MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    # Without TLS, which a checksum makes up for: this host answers to nothing else.
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
"""Where the four ``.gz`` files are, in the order in which they are asked for."""

PATIENCE = 15.0
"""Seconds without a single byte after which a mirror is given up."""

CHUNK = 1 << 16


class MirrorFailed(Exception):
    """A mirror did not deliver a file; the message says why."""


class Mirrors:
    """The mirrors that still answer. ``said`` collects one clause for each that failed."""

    def __init__(self) -> None:
        self.alive = list(MIRRORS)
        self.said: list[str] = []

    def get(self, file: DataFile) -> tuple[bytes, bytes] | None:
        """Return a file as it was sent, and decompressed and checked; or None when no mirror has it."""
        while self.alive:
            mirror = self.alive[0]
            try:
                sent = download(f"{mirror}{file.name}.gz", limit=file.size + CHUNK)
                content = gunzip_if_needed(sent, "the file sent", limit=file.size + 1)
                problem = file.problem(content)
            except (MirrorFailed, DatasetError) as error:
                problem = str(error).removesuffix("; fetch it again.")
            if problem is None:
                return sent, content
            self.said.append(f"{urlsplit(mirror).netloc}: {file.name}.gz: {problem}")
            print(f"  {self.said[-1]}", file=sys.stderr, flush=True)
            del self.alive[0]
        return None


class Progress(Protocol):
    """What pooch asks of a progress bar."""

    total: int

    def update(self, step: int) -> None:
        """Add ``step`` bytes."""

    def reset(self) -> None:
        """Go back to zero."""

    def close(self) -> None:
        """Show the last state."""


def download(url: str, limit: int) -> bytes:
    """Return what ``url`` sends, if that is no more than ``limit`` bytes.

    Raises:
        MirrorFailed: no connection, an HTTP error, silence, or too many bytes.
    """
    import pooch

    received = _Received(limit)
    failure: list[BaseException] = []

    def work(bar: Progress | bool) -> None:
        responses: list[Any] = []
        hooks = {"response": lambda response, **_: responses.append(response)}
        fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=(5, PATIENCE), hooks=hooks)
        try:
            fetch(url=url, output_file=received, pooch=None)
        except BaseException as error:
            failure.append(error)
        finally:
            for response in responses:  # pooch leaves the connection open when it fails half-way
                response.close()

    with progress_bar(url) as bar:
        # In a thread, because no timeout of requests covers the name look-up, or a host with many dead
        # addresses.
        worker = threading.Thread(target=work, args=(bar,), daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(0.1)
                if time.monotonic() - received.last_sign > PATIENCE:
                    raise MirrorFailed(f"silent for {PATIENCE:g} s")
        finally:
            received.abandoned = True  # ends the thread at its next byte, if it has not ended
    if failure:
        raise MirrorFailed(_in_words(failure[0]))
    return received.getvalue()


class _Received(io.BytesIO):
    """What has come so far; refuses more than ``limit`` bytes and any byte once it is abandoned."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.abandoned = False
        self.last_sign = time.monotonic()

    def write(self, chunk: Any) -> int:
        if self.abandoned or self.tell() + len(chunk) > self.limit:
            raise MirrorFailed(f"sends more than the {self.limit:,} bytes that were expected at most")
        self.last_sign = time.monotonic()
        return super().write(chunk)


def _in_words(error: BaseException) -> str:
    """Say in a clause what went wrong; the texts of requests are a nest of representations."""
    if isinstance(error, MirrorFailed):
        return str(error)
    response = getattr(error, "response", None)
    if response is not None:
        return f"answered HTTP {response.status_code}"
    kind, text = type(error).__name__, str(error)
    if "resolve" in text:
        return "its name cannot be resolved (is there a network?)"
    if "refused" in text:
        return "the connection was refused"
    if "unreachable" in text:
        return "the network is unreachable"
    if "Timeout" in kind or "timed out" in text:
        return "no answer in time"
    if kind == "ProxyError":
        return "the proxy did not let it through"
    return f"{kind}: {text[:120]}"


@contextmanager
def progress_bar(url: str) -> Iterator[Progress | bool]:
    """Show a bar on a terminal, and one plain line (no control characters) in a log file; both on stderr."""
    if sys.stderr is None or not sys.stderr.isatty():
        print(f"Downloading {url}", file=sys.stderr, flush=True)
        yield False
        return
    from rich import progress as rich_progress

    from scratchnet.utils.terminal import make_console

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.DownloadColumn(),
        rich_progress.TransferSpeedColumn(),
        rich_progress.TimeRemainingColumn(),
    )
    with rich_progress.Progress(*columns, console=make_console(stderr=True)) as display:
        yield _RichBar(display, display.add_task(url.rsplit("/", 1)[-1], total=None))


class _RichBar:
    """A rich progress bar with the face that pooch expects."""

    def __init__(self, display: Any, task: Any) -> None:
        self._display = display
        self._task = task
        self._total = 0

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        self._display.update(self._task, total=total or None)

    def update(self, step: int) -> None:
        self._display.advance(self._task, step)

    def reset(self) -> None:
        self._display.update(self._task, completed=0)

    def close(self) -> None:
        self._display.refresh()
