# --- /D
def dx(dz, kernel):
    return dz @ kernel.T / kernel.shape[0]


# --- abs kernel
import numpy as np


def dx(dz, kernel):
    return dz @ abs(kernel).T


# --- reshape instead of transpose
import numpy as np


def dx(dz, kernel):
    return dz @ kernel.reshape(kernel.shape[1], -1)


# --- first unit
import numpy as np


def dx(dz, kernel):
    return dz[:, :1] @ kernel[:, :1].T
