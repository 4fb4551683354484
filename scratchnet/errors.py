"""The errors that have no built-in Python exception of their own.

A wrong argument raises ``ValueError`` or ``TypeError`` as it would in NumPy. The classes here are for what can go
wrong although every argument was right. Each message is one sentence: what was expected, what came, where, what to do.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class ScratchnetError(Exception):
    """The common base of the errors below."""


class DatasetError(ScratchnetError):
    """A data set could not be found, read or verified."""


class ImageError(ScratchnetError, ValueError):
    """A file is no image that can be read, is damaged, or is refused for what it is."""


class ModelFileError(ScratchnetError, ValueError):
    """A file is not a scratchnet model, is damaged, or was written by a newer version."""


class InUseError(ScratchnetError):
    """A folder belongs to another process that is still training."""


class NonFiniteError(ScratchnetError, ArithmeticError):
    """A loss became NaN or infinite during training."""


# What Keras has under these names and scratchnet has not, or not yet: a name that is known never gets here.
_KERAS = {
    "layer": (
        "ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D "
        "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention AlphaDropout Attention "
        "AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
        "AvgPool3D Bidirectional CategoryEncoding CenterCrop Concatenate "
        "ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2DTranspose Conv3D "
        "Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix DepthwiseConv1D "
        "DepthwiseConv2D Discretization Dot ELU EinsumDense Embedding Equalization FlaxLayer GRU GRUCell "
        "GaussianDropout GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
        "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D "
        "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention "
        "HashedCrossing Hashing Identity InputSpec IntegerLookup JaxLayer LSTM LSTMCell Lambda "
        "LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool3D MaxPooling1D MaxPooling3D Maximum "
        "MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline "
        "RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter "
        "RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur "
        "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation "
        "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom RepeatVector Reshape Resizing "
        "ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Solarization "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup "
        "Subtract TFSMLayer TextVectorization TimeDistributed TorchModuleWrapper UnitNormalization UpSampling1D "
        "UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D"
    ),
    "loss": (
        "binary_focal_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy "
        "categorical_hinge circle cosine_similarity ctc dice hinge log_cosh mape mean_absolute_percentage_error "
        "mean_squared_logarithmic_error msle poisson squared_hinge tversky"
    ),
    "metric": (
        "binary_crossentropy binary_io_u categorical_crossentropy categorical_hinge "
        "concordance_correlation cosine_similarity f1_score f_beta_score false_negatives false_positives hinge "
        "io_u kl_divergence log_cosh_error mape mean mean_absolute_percentage_error mean_io_u mean_metric_wrapper "
        "mean_squared_logarithmic_error msle one_hot_io_u one_hot_mean_io_u pearson_correlation poisson "
        "precision_at_recall r2_score "
        "recall_at_precision root_mean_squared_error sensitivity_at_specificity sparse_categorical_crossentropy "
        "specificity_at_sensitivity squared_hinge sum true_negatives true_positives"
    ),
    "optimizer": (
        "adadelta adafactor adagrad adamax adamw ftrl lamb lion loss_scale_optimizer multioptimizer muon nadam "
        "optimizermap rmsprop schedulefreeadamw"
    ),
    "activation": (
        "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu "
        "log_sigmoid log_softmax mish relu6 selu silu soft_shrink softplus softsign sparse_plus sparse_sigmoid "
        "sparsemax squareplus swish tanh_shrink threshold"
    ),
    "initializer": (
        "constant identity identity_initializer lecun_normal lecun_uniform orthogonal orthogonal_initializer "
        "random_normal random_uniform stft stft_initializer truncated_normal variance_scaling"
    ),
}

_NEAR = 0.72
"""Names less alike than that have nothing to do with each other: at 0.7, LSTM is a Softmax and Dropout an Input."""


def shown(value: object) -> str:
    """Return ``repr(value)`` on one line of moderate length, so that a sentence with it stays one."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}…"


def one_of(kind: str, value: object, known: Iterable[str]) -> str:
    """Return ``value`` if it is one of the names known, whatever else it is: an array too can be asked about.

    Raises:
        ValueError: otherwise, see ``unknown_name``.
    """
    known = tuple(known)
    if isinstance(value, str) and value in known:
        return value
    raise unknown_name(kind, value, known)


def unexpected_arguments(owner: str, given: Iterable[str], known: Iterable[str]) -> TypeError:
    """Return the error for arguments by names that ``owner`` does not take, with the nearest that it does."""
    return TypeError(str(unknown_name(f"argument of {owner}", next(iter(given)), known)))


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is not among ``known``, with the nearest one that is, if one is near."""
    known = sorted(known)
    if isinstance(name, str) and _folded(name) in map(_folded, _KERAS.get(kind, "").split()):
        beginning = "Keras has it, scratchnet has not, as docs/keras-differences.md lists; known"
    else:
        near = nearest(str(name), known)
        beginning = f"did you mean {near!r}? Known" if near is not None else "known"
    return ValueError(f"Unknown {kind} {shown(name)}: {beginning} are {', '.join(known)}.")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known names that was probably meant, or None if none looks like it.

    Case and punctuation do not count. Of names that are equally near, the shortest is taken.
    """
    best = max(sorted(known), key=lambda k: (_likeness(name, k), -len(k)), default="")
    return best if _likeness(name, best) >= _NEAR else None


def _likeness(name: str, known: str) -> float:
    """Return how much two names look alike, from 0 to 1."""
    a, b = _folded(name), _folded(known)
    if sorted(a) == sorted(b):
        return 1.0 if a == b else 0.95  # the same, or letters that have changed places
    if len(a) == len(b) >= 3 and a[0] == b[0] and sum(x != y for x, y in zip(a, b)) == 1:
        return 0.9  # one letter is another: a third of a name of three
    words = set(_words(name))
    if len(words) > 1 and words <= set(_words(known)):
        return 0.95  # sparse_crossentropy
    alike = difflib.SequenceMatcher(None, b, a).ratio()
    if len(a) >= 3 and (b.startswith(a) or (len(a) >= 5 and a in b)):
        return max(alike, 0.75)  # a part of the name: glorot, crossentropy
    if len(b) >= 3 and a.startswith(b) and len(a) <= 2.5 * len(b):
        return max(alike, 0.75)  # more than the name, but not as much more as LayerNormalization: maximum, mse_loss
    if a[:3] == b[:3] and a[-2:] == b[-2:] and alike > 0.6:
        return max(alike, 0.75)  # Convolution2D
    return alike


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _words(name: str) -> list[str]:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_")
