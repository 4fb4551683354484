"""train-an-mlp: all parts in one training step.

A network with one hidden layer, a classifier of K classes, on a batch of N samples:

    x (N, D) → z1 = x·kernel1 + bias1 (N, H) → h = ReLU(z1) → z2 = h·kernel2 + bias2 (N, K) → softmax → loss, a mean

You have written all of it: "dense-forward", "relu", "softmax-cross-entropy", and the three gradients of Dense. Here
they are put in order. Back from the loss, each takes the gradient that the one behind it returned:

    dz2 = … (N, K)   →   dkernel2, dbias2, dh = … (N, H)   →   dz1 = … (N, H)   →   dkernel1, dbias1

Then one step downhill for each parameter: params[name] -= rate · gradient. Only when all gradients are there: backward
needs the kernels that forward used.

To check by hand, with N = D = H = 1, K = 2: x = [[1]], label 0, kernel1 = [[2]], bias1 = [0], kernel2 = [[1, -1]],
bias2 = [-2, 2]. Then h = 2, z2 = [0, 0], y = [½, ½], loss = log 2, and a step with rate 1 moves
kernel1 by +1, bias1 by +1, kernel2 by [1, -1], bias2 by [½, -½].
"""

import numpy as np


def step(params, x, labels, rate):
    """Take one step: change the arrays in params, and return the loss before the step.

    params: a dictionary with kernel1 (D, H), bias1 (H,), kernel2 (H, K), bias2 (K,).  x (N, D), labels (N,).
    """
    loss = ...
    return loss
