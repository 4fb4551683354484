"""dense-forward: one product, and the bias for each row."""


def forward(x, kernel, bias):
    """Return z (N, U)."""
    return x @ kernel + bias
