# --- bias twice
def forward(x, kernel, bias):
    return x @ kernel + 2 * bias


# --- relu
import numpy as np


def forward(x, kernel, bias):
    return np.maximum(x @ kernel + bias, 0)


# --- transposed out
def forward(x, kernel, bias):
    return (x @ kernel + bias).T


# --- rounded
import numpy as np


def forward(x, kernel, bias):
    return np.round(x @ kernel + bias)
