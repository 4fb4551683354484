# --- z changed
import numpy as np


def relu_bias(z, bias, out):
    z += bias
    np.maximum(z, 0, out=out)


# --- relu minus
import numpy as np


def relu_bias(z, bias, out):
    out[...] = np.minimum(z + bias, 0)
