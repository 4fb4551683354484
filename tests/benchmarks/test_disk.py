from __future__ import annotations

import pytest

from benchmarks.disk import installed_bytes, required


def install(folder, name, size, requires=()):
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {r}" for r in requires)]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_bytes(b"#" * size)
    (info / "RECORD").write_text(f"{name}/__init__.py,,\n")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "topthing", 1000, ["lowthing>=1", 'extrathing; extra == "more"', 'nothing; python_version < "3"'])
    install(tmp_path, "lowthing", 100)
    install(tmp_path, "extrathing", 10)


@pytest.mark.usefixtures("packages")
def test_what_is_required_counts_and_extras_do_not():
    assert set(required(["topthing"])) == {"topthing", "lowthing"}


@pytest.mark.usefixtures("packages")
def test_bytes_are_those_of_all_files_once():
    assert installed_bytes(["topthing", "lowthing"]) == 1100


def test_scratchnet_counts_its_own_modules_in_an_editable_installation_too():
    assert "numba" in required(["scratchnet"])
    assert installed_bytes(["scratchnet"]) > installed_bytes(["numba"])
