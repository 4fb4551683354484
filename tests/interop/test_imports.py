"""Nothing of other libraries is imported before it is needed, and what is missing is said in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

OTHERS = {"keras", "tensorflow", "onnx", "onnxruntime"}


def python(program: str) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_importing_interop_imports_no_other_library() -> None:
    program = "import sys, scratchnet; scratchnet.interop.to_keras; scratchnet.interop.save_onnx; print(*sys.modules)"
    loaded = {name.split(".")[0] for name in python(program).split()}
    assert "scratchnet" in loaded
    assert not loaded & OTHERS


def test_importing_scratchnet_does_not_even_import_interop() -> None:
    assert "scratchnet.interop" not in python("import sys, scratchnet; print(*sys.modules)").split()


@pytest.mark.parametrize(
    ("function", "missing", "said"),
    [
        (
            "to_keras",
            "keras",
            'Keras models need Keras 3 with TensorFlow, which is not installed: pip install "scratchnet[keras]"',
        ),
        ("from_keras", "keras", 'pip install "scratchnet[keras]"'),
        ("to_keras", "tensorflow", 'pip install "scratchnet[keras]"'),
        ("to_onnx", "onnx", 'ONNX files need the package onnx, which is not installed: pip install "scratchnet[onnx]"'),
    ],
)
def test_a_missing_package_is_one_sentence(function: str, missing: str, said: str) -> None:
    message = python(
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"import scratchnet as sn\n"
        f"model = sn.Sequential([sn.Input((2,)), sn.layers.Dense(1)])\n"
        f"try: sn.interop.{function}(model)\n"
        f"except ImportError as error: print(error)"
    )
    assert said in message
    assert "\n" not in message
