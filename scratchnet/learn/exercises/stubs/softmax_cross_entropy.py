"""softmax-cross-entropy: the loss of a classifier, and the simplest gradient there is.

A network gives z (N, K), a number for each of K classes; the softmax y makes probabilities of them (see "softmax").
labels (N,) are whole numbers, the right class of each sample. The loss is small where its probability is large:

    L = 1/N Σ_n -log y[n, labels[n]]       and, with the softmax put in,
    L = 1/N Σ_n (log Σ_k exp z[n,k]  -  z[n, labels[n]])

Take the slope of the second line with respect to z[n,k]. The log of the sum gives exp z[n,k] / Σ_j exp z[n,j] = y[n,k];
the other term is there only if k is the label. 1/N stands in front, since the loss divides by N (and nobody else does):

    dz[n,k] = …                           (yours)

z may be large: take each row's largest z off first. And a probability may be rounded to 0, whose log is infinite:
so the loss comes from z, by the second line.

To check by hand, with N = 2, K = 3: z = [[log 1, log 2, log 5], [0, 0, 0]], labels = [2, 0]. Then y[0] = [1, 2, 5]/8,
L = (log 8/5 + log 3)/2 = 0.7843, and dz = [[1/16, 1/8, -3/16], [-1/3, 1/6, 1/6]].
"""

import numpy as np


def loss_and_dz(z, labels):
    """Return L, a number, and dz (N, K): z (N, K), labels (N,) of whole numbers 0…K-1."""
    N = len(z)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    loss = ...
    dz = ...
    return loss, dz
