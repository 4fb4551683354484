"""A machine of its own for each test: empty home, no network, no apt, and a Fashion-MNIST of 30 images."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from scratchnet.datasets import apt, download, fashion_mnist, sources
from scratchnet.datasets.files import DataFile

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_bytes(array: np.ndarray, code: int = 0x08) -> bytes:
    """An IDX writer that shares nothing with the reader under test."""
    header = bytes([0, 0, code, array.ndim]) + b"".join(struct.pack(">I", size) for size in array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def tiny_content() -> dict[str, bytes]:
    random = np.random.default_rng(3)
    arrays = (
        random.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        np.arange(20, dtype=np.uint8) % 10,
        random.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        np.arange(10, dtype=np.uint8),
    )
    return {name: idx_bytes(array) for name, array in zip(NAMES, arrays)}


def tiny_files() -> tuple[DataFile, ...]:
    content = tiny_content()
    return tuple(DataFile(name, len(content[name]), hashlib.sha256(content[name]).hexdigest()) for name in NAMES)


class Machine:
    """Where each source looks on the test's machine, and the right content of the four files."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.cache = root / "cache" / "fashion-mnist"
        self.debian = root / "debian"
        self.keras = self.home / ".keras" / "datasets" / "fashion-mnist"
        self.content = tiny_content()
        self.home.mkdir()

    def fill(self, folder: Path, *, zipped: bool = True, leave_out: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.content.items():
            if name == leave_out:
                continue
            path = folder / (f"{name}.gz" if zipped else name)
            path.write_bytes(gzip.compress(content) if zipped else content)
        return folder


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    for variable in ("SCRATCHNET_DATA", "KERAS_HOME", "XDG_CACHE_HOME", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(machine.home))
    monkeypatch.setenv("SCRATCHNET_CACHE", str(machine.cache.parent))
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", machine.debian)
    monkeypatch.setattr(sources, "FILES", tiny_files())
    monkeypatch.setattr(fashion_mnist, "FILES", tiny_files())
    # Nobody listens on port 1: a mirror on a machine without a network.
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:1/",))
    monkeypatch.setattr(apt, "available", lambda: False)
    return machine


class Mirror:
    """A web server on the loopback. ``answers`` gives status and body for a path; any other is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                status, body = mirror.answers.get(self.path, (404, b"not here"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def serve_all(self) -> None:
        for name, content in tiny_content().items():
            self.answers[f"/{name}.gz"] = (200, gzip.compress(content))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """The one mirror of this machine, with all four files."""
    mirror = Mirror()
    mirror.serve_all()
    monkeypatch.setattr(download, "MIRRORS", (mirror.url,))
    yield mirror
    mirror.close()


@pytest.fixture
def second_mirror(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Another one, asked after the first, with all four files."""
    second = Mirror()
    second.serve_all()
    monkeypatch.setattr(download, "MIRRORS", (mirror.url, second.url))
    yield second
    second.close()
