"""An ONNX graph while it is written: nodes, constants, names. ONNX itself is imported here, when it is needed.

Every value has a name. Those of inputs and outputs are layers' names; all others have a slash in them, which no layer's
name has, as in ``conv2d/Conv`` and ``conv2d/kernel``.

Layout. Here images are (N, H, W, C), in ONNX they are (N, C, H, W). Values stay as they are here from layer to layer;
what needs ONNX's order asks for it by ``channels_first`` and gives its result back by ``channels_last``, a Transpose
each. Where the one follows the other, as between a convolution and a pooling, both are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.typing import Array, Shape

try:
    import onnx
except ImportError as error:
    raise ImportError(
        f'ONNX files need the package onnx, which is not installed: pip install "scratchnet[onnx]" ({error}).'
    ) from None

OPSET, IR_VERSION = 17, 8
"""The version of ONNX's operators, and that of the file's format that belongs to it; onnxruntime 1.12 reads both."""

LARGEST = 2**31 - 2**20
"""How many bytes the constants may have: one file of protobuf's holds less than 2 GiB."""


@dataclass(frozen=True)
class Call:
    """One call of a layer: the values it gets, their shapes as scratchnet has them, and the shape of its output."""

    layer: Any
    inputs: list[str]
    input_shapes: list[Shape]
    output_shape: Shape


class OnnxGraph:
    """Collects nodes and constants; ``model`` makes an ONNX model of them."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[Any, Any] = {}
        self.layer_name = ""
        self._given: Counter[str] = Counter()
        self._channels_first: dict[str, str] = {}

    def new_name(self, wanted: str) -> str:
        """Return the name that is wanted, or where it is taken one with a number behind it."""
        earlier = self._given[wanted]
        self._given[wanted] += 1
        return wanted if earlier == 0 else self.new_name(f"{wanted}_{earlier}")

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = self.new_name(f"{self.layer_name}/{operator}")
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def rename(self, value: str, name: str) -> None:
        """Give a value another name, which no other value has."""
        self.nodes.append(onnx.helper.make_node("Identity", [value], [name], name=f"{name}/Identity"))

    def weight(self, layer: Any, name: str, array: Array) -> str:
        """Add what a layer keeps, in float32, once for all its calls; return its name."""
        return self._constant((id(layer), name), f"{self.layer_name}/{name}", np.asarray(array, np.float32))

    def number(self, value: float) -> str:
        """Add one number, in float32; return its name."""
        return self._constant(value, f"number/{value!r}", np.asarray(value, np.float32))

    def sizes(self, *values: int) -> str:
        """Add a list of whole numbers, such as a shape; return its name."""
        return self._constant(values, f"sizes/{'_'.join(map(str, values))}", np.asarray(values, np.int64))

    def _constant(self, key: Any, name: str, array: Array) -> str:
        if key not in self.constants:
            self.constants[key] = onnx.numpy_helper.from_array(np.ascontiguousarray(array), self.new_name(name))
        return str(self.constants[key].name)

    def channels_first(self, images: str) -> str:
        """Return images (N, H, W, C) as (N, C, H, W)."""
        if images in self._channels_first:
            return self._channels_first[images]
        return self.node("Transpose", images, perm=[0, 3, 1, 2])

    def channels_last(self, images: str) -> str:
        """Return images (N, C, H, W) as (N, H, W, C)."""
        result = self.node("Transpose", images, perm=[0, 2, 3, 1])
        self._channels_first[result] = images
        return result

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any], version: str) -> Any:
        """Return the ONNX model, checked; nodes that no output needs are left out."""
        needed = {output.name for output in outputs}
        nodes: list[Any] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                nodes.insert(0, node)
        constants = [constant for constant in self.constants.values() if constant.name in needed]
        size = sum(len(constant.raw_data) for constant in constants)
        if size > LARGEST:
            raise ValueError(f"An ONNX file expected weights of less than 2 GiB, got {size / 2**30:.1f} GiB.")
        graph = onnx.helper.make_graph(nodes, name, inputs, outputs, constants)
        model = onnx.helper.make_model(
            graph,
            opset_imports=[onnx.helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="scratchnet",
            producer_version=version,
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def value_info(name: str, dtype: str, shape: Shape) -> Any:
    """Return what ONNX says of an input or output; the batch has any size, which it calls N."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return onnx.helper.make_tensor_value_info(name, kind, ["N" if n is None else n for n in shape])
