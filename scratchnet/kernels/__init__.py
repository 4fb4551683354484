"""How layers are run fast: NumPy + Numba, on three floors. Each file begins with the list of its tricks.

    steps/      what a step of a model's plan is: buffers, and which loops run. One file a layer, named as the layer in
                `scratchnet/layers`, which says what it means.
    loops/      what is multiplied and added, and in which order. Plain Numba wherever that is fast enough; `loops/`
                itself says which file to read first.
    machine/    what all loops stand on: the compiler and its cache, threads, vectors, memory for the length of a call.

A floor imports from floors below it only. The way down, from a dense layer to a vector instruction:

    layers/dense.py                y = relu(x @ kernel + bias)                   the definition
    steps/dense.py                 DenseStep.forward                             which arrays, in which shapes
    loops/dense_products.py        forward: blocks of rows and columns           which thread computes what
    loops/matrix_product.py        matrix_product: tiles, and what is left over  the order within a block
    loops/matrix_product_tile.py   sum_tile: the innermost loop                  out[m, n] += x[m, k] panel[k, n]
    machine/simd.py                Emitter.multiply_add                          one instruction, 4 to 16 numbers

And from a convolution: `layers/conv2d.py`, `steps/conv2d.py`, `loops/convolution.py` (with `loops/windows.py`, which
says where the windows lie), and then the same matrix product.

With `NUMBA_DISABLE_JIT=1` all of it is Python that a debugger can step through; a loop of vector instructions is then
the plain definition that stands above it.

What is here imports Numba, which takes a while; `import scratchnet` therefore does not. The plan of a model
(`scratchnet/graph/plan.py`) does, the first time a model runs on the `numba` backend; which layers meet which step is
said in `scratchnet/graph/kernel_steps.py`.
"""
