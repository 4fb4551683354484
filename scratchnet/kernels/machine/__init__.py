"""What the loops stand on.

runtime.py      `kernel` for what Python calls, `inner` for what kernels call; threads, and forks
compiler.py     how Numba is made to compile a kernel as a whole, once
ahead.py        kernels compiled before they are called, by several processes
cache.py        machine code on disk, whole or not used
processor.py    how long the vectors of this processor are, and how large its nearest cache
hints.py        two remarks to LLVM: arrays that do not overlap, a function that is not to be copied
simd.py         loops as vector instructions, next to the Python that defines them
scratch.py      memory for the length of a call
"""
