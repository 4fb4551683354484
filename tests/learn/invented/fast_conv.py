# --- swapped spatial
import numpy as np


def conv2d(x, kernel):
    w = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return (
        np.einsum("nhwcij,jicf->nhwf", w, kernel)
        if kernel.shape[0] == kernel.shape[1]
        else np.einsum("nhwcij,ijcf->nhwf", w, kernel)
    )


# --- mean channels
import numpy as np


def conv2d(x, kernel):
    w = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("nhwcij,ijcf->nhwf", w, kernel) / x.shape[3]
