"""From wrong numbers to the likely mistake: where they are wrong, by which factor, and what would match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from scratchnet.gradient_check.compare import TensorResult
from scratchnet.typing import Array

ADVICE = {
    "-1": "the sign is turned round",
    "2": "something is added twice",
    "1/2": "a factor of 2 is missing, or half of a sum",
    "N": "something is multiplied by the batch size, or the mean's 1/N, which belongs in the loss alone, is missing",
    "1/N": "a layer sums over the batch; the mean's 1/N belongs in the loss alone, once",
    "1/N²": "the mean's 1/N is there three times: it belongs in the loss alone, once",
    "OH·OW": "something is multiplied by the number of places",
    "1/(OH·OW)": "the sum over all places is divided by their number: it should be a sum, not a mean",
    "1/(N·OH·OW)": "the sum over batch and places is divided by their number: it should be a sum, not a mean",
}


def diagnose(result: TensorResult, sizes: dict[str, int]) -> list[str]:
    """Return sentences on what is wrong with a gradient, the most telling last; none if nothing is.

    Args:
        result: a comparison that failed.
        sizes: numbers that a factor may come from, by letter: ``{"N": 4, "OH·OW": 9}``.
    """
    if result.problem or not result.wrong.any():
        return []
    wrong, analytic, numerical = result.wrong, result.analytic, result.estimate.value
    tensor = result.name.rpartition("/")[2][1:]
    size = result.estimate.scale.min()
    if np.isnan(analytic[wrong]).all():
        return [where(result), "It is NaN there."]
    sentences = [where(result)]
    if np.abs(numerical).max() <= 1e-9 * max(np.abs(analytic).max(), size):
        if tensor.startswith(("x", "y_pred")):
            sentences.append("The output does not change with this tensor at all, so its gradient should be zero.")
        else:
            sentences.append(
                f'The output does not change with params["{tensor}"] at all: does forward use an array kept '
                f'from build, in place of self.params["{tensor}"]?'
            )
        return sentences
    explanation = wrong_mask(result) or factor(result, sizes) or resemblance(result) or missing_sum(result)
    return [*sentences, *([explanation] if explanation else [])]


def where(result: TensorResult) -> str:
    """Say how many entries are wrong and what they have in common."""
    wrong, checked = int(result.wrong.sum()), len(result.checked)
    count = f"{wrong:,} of {checked:,} {'entries' if result.complete else 'sampled entries'}"
    verb = "is" if wrong == 1 else "are"
    if wrong == checked:
        return f"{count} are wrong: everywhere."
    places = np.unravel_index(result.checked[result.wrong], result.shape)
    others = np.unravel_index(result.checked[~result.wrong], result.shape)
    common = []
    for letter, size, index, right in zip(result.letters, result.shape, places, others):
        values = np.unique(index)
        if size > 1 and len(values) < size and len(values) <= max(2, size // 2):
            whole = not np.isin(right, values).any()
            common.append((len(values), letter, values, size, whole))
    if common:
        parts = [_slice(letter, values, size) for _, letter, values, size, _ in sorted(common, key=lambda c: c[0])]
        whole = any(c[-1] for c in common)
        return f"{count} {verb} wrong: {'all' if whole else 'only'} those at {' and '.join(parts)}; the rest is right."
    border = _on_border(result, places, others)
    if border is not None:
        return f"{count} {verb} wrong, {border}".removesuffix("?") + ("?" if border.endswith("?") else ".")
    return f"{count} {verb} wrong, scattered."


def _slice(letter: str, values: Array, size: int) -> str:
    gaps = np.diff(values)
    if len(values) > 1 and gaps[0] > 1 and (gaps == gaps[0]).all() and values[-1] + gaps[0] >= size:
        return f"{letter}={values[0]}, {values[0] + gaps[0]}, … (every {'2nd' if gaps[0] == 2 else f'{gaps[0]}th'} one)"
    listed = " or ".join(f"{letter}={v}" for v in values[:4]) + (" …" if len(values) > 4 else "")
    if letter in ("h", "w", "kh", "kw"):
        line = "row" if letter in ("h", "kh") else "column"
        if values.tolist() == [0]:
            return f"the first {line} ({listed})"
        if values.tolist() == [size - 1]:
            return f"the last {line} ({listed})"
        if values.tolist() == [0, size - 1]:
            return f"the first and last {line} ({listed})"
    name = {"n": "sample ", "c": "channel ", "f": "filter ", "u": "unit ", "d": "feature "}.get(letter, "")
    return f"{name}{listed}"


def _on_border(result: TensorResult, places: Sequence[Array], others: Sequence[Array]) -> str | None:
    """Say so if the wrong entries are those, and only those, near the edge of the image, or those inside."""
    axes = [i for i, letter in enumerate(result.letters) if letter in ("h", "w")]
    if len(axes) != 2:
        return None

    to_edge = [np.minimum(places[i], result.shape[i] - 1 - places[i]) for i in axes]
    depth = np.minimum(*to_edge)
    deepest = min(result.shape[i] - 1 for i in axes) // 2
    if deepest and depth.max() < deepest and depth.max() <= 1:
        return f"all of them within {depth.max() + 1} pixel{'s' if depth.max() else ''} of the image's border"
    edge = np.minimum(*[np.minimum(others[i], result.shape[i] - 1 - others[i]) for i in axes])
    if deepest and not edge.any() and np.maximum(*to_edge).min() > 0:  # right are the corners, and no pixel inside
        return (
            "and all that are right lie at the image's border, where fewer windows overlap: is what comes from several "
            "windows added up (+=)?"
        )
    if depth.min() > 0:
        return "none of them at the image's border"
    return None


def factor(result: TensorResult, sizes: dict[str, int]) -> str:
    """Say by which constant factor the wrong entries are off, if there is one."""
    scale = result.estimate.scale
    use = result.wrong & ~result.estimate.kink & (np.abs(result.estimate.value) > 1e-4 * scale)
    if not use.any():
        return ""
    analytic, numerical = result.analytic[use], result.estimate.value[use]
    if (np.abs(analytic) <= 1e-12 * scale[use]).all():
        never = use.sum() == len(use) and not result.name.rpartition("/")[2].startswith(("dx", "dy"))
        return "Backward says zero there: " + ("was it ever written?" if never else "no gradient arrives.")
    ratio = analytic / numerical
    if len(ratio) < 2 or np.ptp(ratio) > 1e-5 * np.abs(ratio).max():
        return ""
    r = float(np.median(ratio))
    names = [name for name, value in _known_factors(sizes) if abs(r - value) <= 1e-5 * abs(value)]
    symbols = "".join(f" = {name}" for name in names if name not in ("-1", "2"))
    text = f"Backward's number is the right one times {r:.6g}{symbols}"
    advice = next((ADVICE[name] for name in names if name in ADVICE), "")
    return f"{text}, at every wrong entry" + (f": {advice}." if advice else ".")


def _known_factors(sizes: dict[str, int]) -> Iterator[tuple[str, float]]:
    yield "-1", -1.0
    for name, size in sizes.items():
        if size > 1:
            bracketed = f"({name})" if "·" in name else name
            yield name, float(size)
            yield f"1/{bracketed}", 1 / size
            yield f"-1/{bracketed}", -1 / size
    if sizes.get("N", 1) > 1:
        yield "1/N²", sizes["N"] ** -2.0
    yield "2", 2.0
    yield "1/2", 0.5


def wrong_mask(result: TensorResult) -> str:
    """Say so if the entries differ only in which of them are zero."""
    scale, wrong = result.estimate.scale, result.wrong
    none = np.abs(result.analytic) <= 1e-9 * scale
    none_expected = np.abs(result.estimate.value) <= 1e-9 * scale
    passes, blocked = int((wrong & none_expected).sum()), int((wrong & none).sum())
    if passes + blocked < wrong.sum() or not passes:
        return ""
    return (
        f"Backward lets {passes} entries through that should be zero"
        + (f", and blocks {blocked} that should pass" if blocked else "")
        + "; all others agree: look at the mask or the winners, which should be those that forward saw."
    )


def missing_sum(result: TensorResult) -> str:
    """Say so if the right gradient adds up to zero along an axis and backward's does not."""
    if not result.complete:
        return ""
    analytic, numerical = result.spread(result.analytic, 0.0), result.spread(result.estimate.value, 0.0)
    for axis, letter in enumerate(result.letters):
        size = np.abs(numerical).sum(axis=axis).max()
        if result.shape[axis] < 2 or np.abs(numerical.sum(axis=axis)).max() > 1e-7 * size:
            continue
        if np.abs(analytic.sum(axis=axis)).max() > 1e-3 * size:
            return (
                f"The right gradient adds up to zero along {letter}, because adding a constant along {letter} does not "
                f"change y; backward's does not: does it leave out what goes through a sum or mean along {letter}?"
            )
    return ""


def resemblance(result: TensorResult) -> str:
    """Say which rearrangement of backward's gradient would be right, if there is one."""
    if not result.complete or result.size < 4:
        return ""
    analytic, numerical = result.spread(result.analytic, 0.0), result.spread(result.estimate.value, 0.0)
    for description, a, n in _rearrangements(analytic, numerical, result.letters):
        size_a, size_n = np.linalg.norm(a), np.linalg.norm(n)
        if a.size < 4 or not size_a or not size_n or not np.isfinite(size_a):
            continue
        likeness = float((a * n).sum() / (size_a * size_n))
        if abs(abs(likeness) - 1) < 1e-9:
            r = size_a / size_n * np.sign(likeness)
            times = "" if abs(r - 1) < 1e-5 else f", apart from a factor of {r:.4g}"
            return f"It would be right if {description}{times}."
    if np.abs(np.sort(analytic, axis=None) - np.sort(numerical, axis=None)).max() <= 1e-6 * np.abs(numerical).max():
        return "It holds the right numbers at the wrong places: look at how arrays are reshaped and transposed."
    return ""


def _rearrangements(a: Array, n: Array, letters: Sequence[str]) -> Iterator[tuple[str, Array, Array]]:
    """Yield arrays to compare with the numerical gradient: description, analytic, numerical."""
    for i, j in combinations(range(a.ndim), 2):
        pair = f"{letters[i]} and {letters[j]}"
        if a.shape[i] == a.shape[j] > 1:
            yield f"transposed: the axes {pair} are swapped", a.swapaxes(i, j), n
        elif min(a.shape[i], a.shape[j]) > 1:
            swapped = list(a.shape)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            mixed = a.reshape(swapped).swapaxes(i, j)
            yield f"transposed: the numbers are laid out as if the axes {pair} were swapped", mixed, n
    axes = [i for i in range(a.ndim) if a.shape[i] > 1]
    for count in (1, 2):
        for flipped in combinations(axes, count):
            names = " and ".join(letters[i] for i in flipped)
            yield f"flipped along {names}", np.flip(a, flipped), n
    pairs = [(i, j) for i, j in combinations(axes, 2) if {letters[i], letters[j]} in ({"h", "w"}, {"kh", "kw"})]
    for moved in [*((i,) for i in axes), *pairs]:
        for by in (1, -1, 2, -2):
            if min(a.shape[i] for i in moved) > abs(by) + 1:
                kept, target = [slice(None)] * a.ndim, [slice(None)] * a.ndim
                for i in moved:
                    kept[i], target[i] = (
                        (slice(0, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(0, by))
                    )
                names = " and ".join(letters[i] for i in moved)
                towards = "higher" if by > 0 else "lower"
                yield f"shifted by {abs(by)} along {names}, towards {towards} indices", a[tuple(kept)], n[tuple(target)]


def conclude(results: Sequence[TensorResult]) -> str:
    """Say what the gradients that are right tell about those that are wrong; for one layer with parameters."""
    inputs = [r for r in results if r.name.startswith("dx")]
    params = [r for r in results if not r.name.startswith("dx")]
    wrong = [r.name for r in results if not r.passed]
    right = [r.name for r in results if r.passed]
    if not wrong or not params or not inputs or any("/" in r.name for r in results):
        return ""
    if right:
        lines = "the line that computes" if len(wrong) == 1 else "the lines that compute"
        return (
            f"{' and '.join(right)} {'is' if len(right) == 1 else 'are'} right, and with it what all gradients have in "
            f"common: look at {lines} {' and '.join(wrong)}."
        )
    return (
        "No gradient is right: look first at what they share, such as the derivative of the activation, or what "
        "forward remembers."
    )
