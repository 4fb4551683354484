"""The places where Fashion-MNIST may be, in order, and the walk through them.

Whatever the place, every byte is checked. A wrong file is named and the next place is tried; only in our own
cache is it also renamed, to ``*.corrupt``, because the other folders belong to Debian, to Keras or to the
user.
"""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from scratchnet.datasets import apt, download
from scratchnet.datasets.files import FILES, FileStatus, find_file, set_aside
from scratchnet.datasets.idx import GZIP_MAGIC
from scratchnet.errors import DatasetError
from scratchnet.utils.files import file_path, write_atomically

ARGUMENT, VARIABLE, CACHE, DEBIAN, KERAS = (
    "path",
    "SCRATCHNET_DATA",
    "cache",
    "Debian package",
    "Keras's cache",
)
DOWNLOAD, APT = "download", "apt-get download"

DEBIAN_FOLDER = Path("/", apt.FOLDER)


@dataclass(frozen=True)
class SourceReport:
    """What one source said.

    ``source`` is its name, ``folder`` where its files are (None if nowhere), ``files`` the state of each of
    the four files (empty when it did not come to that), ``said`` one clause for an error message or a table.
    """

    source: str
    folder: Path | None
    files: tuple[FileStatus, ...]
    said: str

    @property
    def ok(self) -> bool:
        """True when all four files are there and right."""
        return len(self.files) == len(FILES) and all(file.state == "ok" for file in self.files)


@dataclass
class Found:
    """The decompressed files by name, and the report of every source asked; the last one had them."""

    content: dict[str, bytes]
    tried: list[SourceReport] = field(default_factory=list)


def cache_folder() -> Path:
    """Return the folder of our own copy: below ``SCRATCHNET_CACHE`` or the platform's user cache."""
    root = os.environ.get("SCRATCHNET_CACHE")
    if not root:
        import pooch

        root = str(pooch.os_cache("scratchnet"))
    return Path(os.path.expanduser(root), "fashion-mnist")


def keras_folder() -> Path:
    """Return where Keras keeps the data set: below ``KERAS_HOME``, or else ``~/.keras``."""
    root = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return Path(os.path.expanduser(root), "datasets", "fashion-mnist")


def local_folders(path: str | os.PathLike[str] | None = None) -> list[tuple[str, Path]]:
    """Return the name and the folder of every local source, in order; with ``path``, of that folder alone."""
    if path is not None:
        return [(ARGUMENT, Path(os.path.expanduser(file_path("path of fashion_mnist", path))))]
    folders = [(CACHE, cache_folder()), (DEBIAN, DEBIAN_FOLDER), (KERAS, keras_folder())]
    if variable := os.environ.get("SCRATCHNET_DATA"):
        folders.insert(0, (VARIABLE, Path(os.path.expanduser(variable))))
    return folders


def look(source: str, folder: Path) -> tuple[SourceReport, dict[str, bytes]]:
    """Check the files in a folder, changing nothing; return the report and the content of the right ones."""
    statuses, content = [], {}
    for file in FILES:
        status, plain = find_file(file, folder)
        statuses.append(status)
        if plain is not None:
            content[file.name] = plain
    report = SourceReport(source, folder, tuple(statuses), _said(folder, statuses))
    return report, content


def _said(folder: Path, statuses: list[FileStatus]) -> str:
    wrong = [status.detail for status in statuses if status.state in {"wrong", "unreadable"}]
    missing = [status.name for status in statuses if status.state == "missing"]
    if not wrong and not missing:
        return f"all four files in {folder}"
    if not wrong and not folder.is_dir():
        return f"{folder} is a file, not a folder" if folder.exists() else f"there is no folder {folder}"
    if len(missing) == len(statuses):
        return f"none of the four files in {folder}"
    return "; ".join(wrong + ([f"{folder} lacks {', '.join(missing)}"] if missing else []))


def find(path: str | os.PathLike[str] | None = None) -> Found:
    """Go through the sources in order until one has the four files; heal and fill our cache on the way.

    Raises:
        DatasetError: no source has them. The message lists what each said.
        TypeError: ``path`` is no path.
    """
    tried: list[SourceReport] = []
    cached: dict[str, bytes] = {}
    for source, folder in local_folders(path):
        report, content = look(source, folder)
        tried.append(report)
        if report.ok:
            return Found(content, tried)
        if source == ARGUMENT:
            raise DatasetError(
                f"{folder} was named as the folder of Fashion-MNIST, but: {report.said}; "
                "name a folder with the four files, or leave `path` out to search the usual places."
            )
        if source == CACHE:
            cached = content
        _complain(report)

    for fetch in (_download, _apt_download):
        report, content = fetch(cached)
        tried.append(report)
        if report.ok:
            return Found(content, tried)
    raise DatasetError(_nothing_worked(tried))


def _complain(report: SourceReport) -> None:
    """Warn of wrong files, and of a variable set in vain; set wrong files in our own cache aside."""
    notes = []
    for status in report.files:
        if status.state == "wrong" and status.path is not None:
            aside = set_aside(status.path) if report.source == CACHE else None
            notes.append(f"{status.detail} ({f'set aside as {aside.name}' if aside else 'left as it is'})")
    if not notes and report.source == VARIABLE:
        notes.append(report.said)
    if notes:
        warnings.warn(f"{report.source}: {'; '.join(notes)}. Trying the next source.", UserWarning, stacklevel=4)


def _download(cached: dict[str, bytes]) -> tuple[SourceReport, dict[str, bytes]]:
    """Get from the mirrors what the cache does not have yet."""
    content, sent = dict(cached), dict[str, bytes]()
    mirrors = download.Mirrors()
    for file in FILES:
        if file.name in content:
            continue
        answer = mirrors.get(file)
        if answer is None:
            # What did come is kept: the next call then has less to fetch.
            _keep(sent)
            return SourceReport(DOWNLOAD, None, (), "; ".join(mirrors.said)), {}
        sent[file.name], content[file.name] = answer
    return _fetched(DOWNLOAD, _keep(sent)), content


def _apt_download(cached: dict[str, bytes]) -> tuple[SourceReport, dict[str, bytes]]:
    if not apt.available():
        return SourceReport(APT, None, (), "this machine has no apt-get (it is not Debian or Ubuntu)"), {}
    print(f"Fetching the Debian package {apt.PACKAGE} (31 MB)", file=sys.stderr, flush=True)
    try:
        with apt.unpacked_package() as unpacked:
            report, content = look(APT, unpacked)
            if not report.ok:
                return SourceReport(APT, None, report.files, report.said), {}
            paths = {status.name: status.path for status in report.files if status.path is not None}
            sent = {name: path.read_bytes() for name, path in paths.items() if name not in cached}
    except (apt.AptFailed, OSError) as error:
        return SourceReport(APT, None, (), str(error)), {}
    return _fetched(APT, _keep(sent)), content


def _keep(sent: dict[str, bytes]) -> bool:
    """Store in our cache what was just fetched and checked; warn and return False if that is impossible."""
    for name, data in sent.items():
        path = cache_folder() / (f"{name}.gz" if data.startswith(GZIP_MAGIC) else name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
        except OSError as error:
            # The data are in memory and right: a read-only home must not keep anybody from training.
            warnings.warn(
                f"The data could not be kept ({error}) and will be fetched again next time: "
                "set SCRATCHNET_CACHE to a folder that can be written to.",
                UserWarning,
                stacklevel=5,
            )
            return False
    return True


def _fetched(source: str, kept: bool) -> SourceReport:
    """Report on files that were just checked in memory; the cache holds them if they could be ``kept``."""
    folder = cache_folder()
    statuses = []
    for file in FILES:
        copies = [path for path in (folder / f"{file.name}.gz", folder / file.name) if path.exists()]
        detail = f"{file.name}: fetched, SHA-256 {file.sha256[:12]}… as expected"
        statuses.append(FileStatus(file.name, "ok", copies[0] if kept and copies else None, detail))
    said = f"all four files, now in {folder}" if kept else f"all four files, but not kept in {folder}"
    return SourceReport(source, folder if kept else None, tuple(statuses), said)


def _nothing_worked(tried: list[SourceReport]) -> str:
    lines = ["Fashion-MNIST was found nowhere and could not be fetched. Tried, in this order:"]
    lines += [f"  {report.source}: {report.said}" for report in tried]
    lines += [
        "What to do, any one of these:",
        "  connect this machine to a network and try again;",
        f"  on Debian or Ubuntu, as root: apt-get update && apt-get install {apt.PACKAGE};",
        f"  copy {', '.join(file.name for file in FILES)} (plain or .gz) from another machine into "
        f"{cache_folder()}, or into any folder that SCRATCHNET_DATA names;",
        '  make do with the embedded 6,000 images: load_data(subset="mini").',
    ]
    return "\n".join(lines)
