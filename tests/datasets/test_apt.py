"""The Debian archive, with an apt-get and a dpkg-deb of our own on the PATH."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scratchnet.datasets import apt, fashion_mnist
from scratchnet.errors import DatasetError

APT_GET = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
    *" download "*) {download} ;;
    *" update"*) touch "{root}/updated" ;;
esac
"""
# "dpkg-deb -x PACKAGE ROOT" copies the four files to where the real package has them.
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/share/datasets" && cp -r "{files}" "$3/usr/share/datasets/fashion-mnist"
"""


class Debian:
    """A machine with apt. ``download`` is what its ``apt-get download`` does, in shell."""

    def __init__(self, root: Path, files: Path) -> None:
        self.root, self.files, self.log = root, files, root / "log"
        self.bin = root / "bin"
        self.bin.mkdir(parents=True)
        self.say(DPKG_DEB.format(files=files), "dpkg-deb")

    def say(self, script: str, name: str) -> None:
        path = self.bin / name
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def download(self, shell: str) -> None:
        self.say(APT_GET.format(log=self.log, root=self.root, download=shell.format(root=self.root)), "apt-get")


@pytest.fixture
def debian(machine, tmp_path: Path, monkeypatch) -> Debian:
    monkeypatch.setenv("PATH", f"{tmp_path / 'apt' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(apt, "available", lambda: True)
    debian = Debian(tmp_path / "apt", machine.fill(tmp_path / "package"))
    debian.download("touch dataset-fashion-mnist_1_all.deb")
    return debian


def test_the_package_is_unpacked_into_the_cache(machine, debian) -> None:
    report = fashion_mnist.fetch()
    assert (report.source, report.folder) == ("apt-get download", machine.cache)
    assert fashion_mnist.locate().source == "cache"


def test_no_temporary_folder_is_left(debian, tmp_path: Path) -> None:
    fashion_mnist.fetch()
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(("uid", "said"), [(0, True), (1000, False)])
def test_only_root_asks_apt_to_stay_root(debian, monkeypatch, uid: int, said: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    fashion_mnist.fetch()
    assert ("APT::Sandbox::User=root" in debian.log.read_text()) is said


def test_missing_package_lists_are_fetched_into_a_private_folder(debian) -> None:
    debian.download(
        'if [ -e "{root}/updated" ]; then touch a.deb; else echo "E: Unable to locate package" >&2; exit 100; fi'
    )
    assert fashion_mnist.fetch().source == "apt-get download"
    calls = debian.log.read_text().splitlines()
    assert [call.split()[-1] for call in calls] == [apt.PACKAGE, "update", apt.PACKAGE]
    assert ["Dir::State::lists=" in call for call in calls] == [False, True, True]


def test_when_apt_fails_its_words_and_the_way_out_are_said(debian) -> None:
    debian.download('echo "E: Unable to locate package dataset-fashion-mnist" >&2; exit 100')
    with pytest.raises(DatasetError, match=r"E: Unable to locate package.*run `apt-get update` as root"):
        fashion_mnist.load_data()


def test_a_package_with_wrong_files_is_refused(machine, debian) -> None:
    (debian.files / "train-labels-idx1-ubyte.gz").write_bytes(b"<html>")
    with pytest.raises(DatasetError, match=r"apt-get download: .*train-labels-idx1-ubyte.gz: expected gzip"):
        fashion_mnist.load_data()
    assert not machine.cache.exists()


def test_a_failing_dpkg_deb_is_said(debian) -> None:
    debian.say("#!/bin/sh\necho 'dpkg-deb: error: not a Debian format archive' >&2; exit 2\n", "dpkg-deb")
    with pytest.raises(DatasetError, match="`dpkg-deb -x` said: dpkg-deb: error: not a Debian format archive"):
        fashion_mnist.load_data()


def test_a_hanging_apt_is_ended(debian, monkeypatch) -> None:
    monkeypatch.setattr(apt, "TIMEOUT", 0.2)
    debian.download("exec sleep 60")
    with pytest.raises(DatasetError, match=r"did not end within 0.2 s"):
        fashion_mnist.load_data()


def test_a_machine_without_apt_says_so(machine) -> None:
    with pytest.raises(DatasetError, match="apt-get download: this machine has no apt-get"):
        fashion_mnist.load_data()


def test_available_needs_both_programs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    found = []
    for name in ("apt-get", "dpkg-deb"):
        found.append(apt.available())
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert [*found, apt.available()] == [False, False, True]
