# --- one-hot
import numpy as np


def loss_and_dz(z, labels):
    hot = np.eye(z.shape[1], dtype=z.dtype)[labels]
    z = z - z.max(axis=1, keepdims=True)
    log_y = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(hot * log_y).sum() / len(z), (np.exp(log_y) - hot) / len(z)


# --- sample by sample
import numpy as np


def loss_and_dz(z, labels):
    N, losses, dz = len(z), [], np.zeros_like(z)
    for n, k in enumerate(labels):
        row = z[n] - z[n].max()
        total = np.exp(row).sum()
        losses.append(np.log(total) - row[k])
        dz[n] = np.exp(row) / total / N
        dz[n, k] -= 1 / N
    return sum(losses) / N, dz


# --- with logaddexp
import numpy as np


def loss_and_dz(z, labels):
    log_total = np.logaddexp.reduce(z, axis=1)
    loss = np.mean(log_total - np.take_along_axis(z, labels[:, None], axis=1)[:, 0])
    dz = np.exp(z - log_total[:, None])
    np.subtract.at(dz, (np.arange(len(z)), labels), 1)
    return loss, dz / len(z)
