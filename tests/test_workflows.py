"""The workflows, which cannot run here: what linters say of them."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERSIONS = ("3.11", "3.12", "3.13", "3.14")

if not WORKFLOWS:
    pytest.skip("the workflows are in a checkout only", allow_module_level=True)


def test_they_are_what_github_understands() -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    run = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_zizmor_finds_nothing_that_an_attacker_could_use() -> None:
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    if not zizmor.exists():
        pytest.skip("zizmor is not installed")
    command = [str(zizmor), "--offline", "--no-progress", str(ROOT / ".github" / "workflows")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_ci_runs_what_runs_here_on_every_python_that_is_supported() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    test = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]["test"]
    assert tuple(test["strategy"]["matrix"]["python"]) == VERSIONS
    assert {name.partition("-")[0] for name in test["strategy"]["matrix"]["os"]} == {"ubuntu", "macos"}
    assert [step["run"] for step in test["steps"] if "run" in step] == [".ci/run"]
