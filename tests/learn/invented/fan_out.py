# --- sub
def backward(x, a):
    p = a * x
    q = x**2
    return q * a - p * 2 * x


# --- dp without a
def backward(x, a):
    p = a * x
    q = x**2
    return q + p * 2 * x


# --- sum scalar
def backward(x, a):
    p = a * x
    q = x**2
    return (q * a + p * 2 * x).sum()
