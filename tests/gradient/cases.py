"""Every layer in every variant, at unfriendly sizes: what the gradient check, the Keras parity and the faults run over.

Axes are all different (N 2, H 7, W 5, C 3 or 4); tolerances are those of contracts.md, section 3.
"""

from __future__ import annotations

from pellucid.spec.activations import (
    ELU,
    FUNCTIONS,
    Activation,
    LeakyReLU,
    Linear,
    PReLU,
    ReLU,
    RReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from pellucid.spec.adaptive import AdaptiveAveragePooling1D, AdaptiveMaxPooling1D, AdaptiveMaxPooling2D
from pellucid.spec.categories import CategoryEncoding, Discretization
from pellucid.spec.colors import RandomColorJitter, RandomErasing, RandomHue, RandomSaturation
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.einsum import EinsumDense
from pellucid.spec.images import (
    AdaptiveAveragePooling2D,
    CenterCrop,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomGrayscale,
    RandomInvert,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    Resizing,
)
from pellucid.spec.merging import Add, Concatenate, Multiply
from pellucid.spec.mixing import CutMix, MixUp
from pellucid.spec.moving import BroadcastTo, ExpandDims, Pad, Permute, Repeat, Slice, Squeeze
from pellucid.spec.noise import (
    AlphaDropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from pellucid.spec.normalization import BatchNormalization, Dropout, LocalResponseNormalization
from pellucid.spec.norms import (
    GroupNormalization,
    LayerNormalization,
    Normalization,
    RMSNormalization,
    UnitNormalization,
)
from pellucid.spec.operations import (
    BINARY,
    REDUCTIONS,
    UNARY,
    ArgReduce,
    Binary,
    Cumulative,
    OneHot,
    Reduce,
    SoftmaxAlong,
    Take,
    TakeAlong,
    TopK,
    Unary,
    Where,
)
from pellucid.spec.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)
from pellucid.spec.products import Einsum, MatMul
from pellucid.spec.reshaping import (
    Flatten,
    PositionBias,
    Rescaling,
    Reshape,
    Temperature,
    UpSampling2D,
    ZeroPadding2D,
)
from pellucid.spec.sequences import (
    AveragePooling1D,
    Conv1D,
    Conv1DTranspose,
    DepthwiseConv1D,
    GlobalAveragePooling1D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    SeparableConv1D,
)
from pellucid.spec.shifting import (
    Average,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Dot,
    Identity,
    Maximum,
    Minimum,
    RepeatVector,
    Subtract,
    UpSampling1D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding3D,
)
from tests.gradient.case import EVEN, MAP, Case
from tests.gradient.cases_of_bits import OF_BITS


def windows() -> list[Case]:
    """Convolutions and pools: strides, paddings, dilations, groups, kernels that are not square."""
    found = []
    for padding in ("valid", "same", (1, 2)):
        ours = isinstance(padding, str)  # whole numbers of pixels are Pellucid's own
        for strides in ((1, 1), (2, 1), (2, 3)):
            found += [
                Case(Conv2D(4, (3, 2), strides, padding), keras=ours),
                Case(DepthwiseConv2D((3, 2), strides, padding, 2), keras=ours),
                Case(SeparableConv2D(4, (3, 2), strides, padding, depth_multiplier=2), keras=ours),
                Case(Conv2DTranspose(4, (3, 5), strides, padding), ((4, 3, 3),), keras=ours),
                Case(MaxPooling2D((3, 4), strides, padding), keras=ours),
                Case(AveragePooling2D((3, 4), strides, padding), keras=ours),
            ]
        found += [
            Case(Conv2D(4, (3, 2), 1, padding, dilation_rate=(2, 3)), keras=ours),
            Case(Conv2D(6, (2, 3), (2, 1), padding, groups=2), (EVEN,), keras=ours),
            Case(DepthwiseConv2D((3, 2), 1, padding, dilation_rate=2, use_bias=False), keras=ours),
            Case(MaxPooling2D((2, 3), None, padding), keras=ours),
            Case(AveragePooling2D((2, 3), None, padding), keras=ours),
        ]
    return found


KERNELS = [
    Case(Conv2D(3, 3, 1, "same", groups=1), ((1, 1, 2),)),  # a map smaller than its kernel
    Case(Conv2D(4, 3, 1, "same", dilation_rate=(1, 2), groups=4, use_bias=False), (EVEN,)),
    Case(Conv2D(5, 1)),
    Case(Conv2D(5, 1, 2)),
    Case(Conv2D(11, (7, 5))),  # the whole map
    Case(Conv2D(2, 3, 1, "same"), ((6, 4, 9),)),
    Case(Conv2D(2, (2, 3), (2, 3)), ((6, 9, 9),)),  # windows that tile the map
    Case(Conv2D(2, 2, 3, "same"), ((8, 7, 3),)),  # gaps between the windows
    Case(Conv2D(9, (3, 4), (1, 2), "same"), ((5, 6, 1),)),
    Case(Conv2D(12, 3, 1, "valid"), ((5, 6, 10),)),
    Case(Conv2D(12, 3, 1, "same"), ((5, 6, 10),)),
    Case(Conv2D(9, 3, (2, 1), "same"), ((5, 6, 10),)),
    Case(Conv2DTranspose(2, 2, 3), ((3, 2, 4),)),
    Case(Conv2DTranspose(3, 3, 2, "same", use_bias=False), ((3, 2, 9),)),
    Case(Conv2DTranspose(2, (3, 4), (2, 3), "same", (1, 2)), ((3, 2, 4),)),
    Case(Conv2DTranspose(2, (3, 1), (3, 2), "valid", (2, 0)), ((3, 2, 4),)),
    Case(Conv2DTranspose(2, (3, 2), (3, 1), (1, 0), (2, 0)), ((3, 2, 4),), keras=False),
    Case(Conv2DTranspose(2, (3, 4), padding="same", dilation_rate=(2, 1)), ((3, 5, 4),)),
    Case(MaxPooling2D(2, 2, "same"), ((5, 3, 4),)),
    Case(MaxPooling2D(2), ((4, 6, 3),)),
    Case(MaxPooling2D(3), ((7, 8, 2),)),
]

PLAIN = [
    Case(Dense(4), ((5,),)),
    Case(Dense(4, use_bias=False), ((3, 5),)),
    Case(Dense(6, "elu"), ((5,),)),
    Case(GlobalAveragePooling2D()),
    Case(GlobalAveragePooling2D(keepdims=True)),
    Case(GlobalMaxPooling2D()),
    Case(GlobalMaxPooling2D(keepdims=True)),
    Case(BatchNormalization(), ((6,),), tolerance=1e-5),
    Case(BatchNormalization(momentum=0.8, epsilon=1e-2), tolerance=1e-5),
    Case(BatchNormalization(scale=False), tolerance=1e-5),
    Case(BatchNormalization(center=False), tolerance=1e-5),
    Case(BatchNormalization(center=False, scale=False), tolerance=1e-5),
    Case(BatchNormalization(), training=False, tolerance=1e-5),
    Case(LocalResponseNormalization(), ((3, 2, 7),), keras=False),
    Case(LocalResponseNormalization(4, 0.3, 0.6, 1.5), ((3, 2, 7),), keras=False),
    Case(LocalResponseNormalization(9, 0.3, 0.6, 1.5), ((3, 2, 4),), keras=False),
    Case(Dropout(0.4), keras=False),
    Case(Dropout(0.4, (None, 1, None, None), seed=3), ((4, 3, 5),), keras=False),
    Case(Dropout(0.4), training=False),
    Case(Flatten()),
    Case(Reshape((5, -1))),
    Case(ZeroPadding2D(((0, 2), (1, 3)))),
    Case(UpSampling2D((2, 3))),
    Case(Rescaling(-1.7, 0.3)),
    Case(Rescaling((-1.7, 2.0, 0.4), (0.3, -0.1, 5.0))),
    Case(Temperature(1.7), keras=False),
    Case(PositionBias(), keras=False),
    Case(Add(), (MAP, MAP, MAP)),
    Case(Add(), (MAP, (1, 1, 3))),
    Case(Multiply(), (MAP, MAP, MAP)),
    Case(Multiply(), (MAP, (1, 1, 3), (7, 1, 1))),
    Case(Concatenate(), (MAP, (7, 5, 2), (7, 5, 1))),
    Case(Concatenate(1), (MAP, (2, 5, 3))),
]

BITS = {"sign", "ste_sign", "approx_sign"}  # Keras's sign has no slope
ACTIVATIONS = [
    Case(ReLU()),
    Case(ReLU(6.0)),
    Case(ReLU(0.8, 0.2, 0.3)),
    Case(LeakyReLU()),
    Case(LeakyReLU(0.01)),
    Case(PReLU()),
    Case(PReLU(shared_axes=(1, 2))),
    Case(RReLU(), keras=False),
    Case(RReLU(), training=False, keras=False),
    Case(ELU()),
    Case(ELU(0.3)),
    Case(Sigmoid(), keras=False),
    Case(Tanh(), keras=False),
    Case(Softmax()),
    Case(Linear(), keras=False),
    *(Case(Activation(word), keras=word not in {*BITS, "abs"}, derived=word not in BITS) for word in FUNCTIONS),
    Case(Conv2D(3, 2, activation="tanh")),
    Case(Conv2DTranspose(3, 2, activation="sigmoid")),
    Case(DepthwiseConv2D(2, activation="elu")),
    Case(SeparableConv2D(3, 2, activation="leaky_relu")),
]

PARAMETERS = {"clip": (-0.6, 0.7), "celu": (0.7,), "squareplus": (3.0,), "hard_shrink": (0.4,), "soft_shrink": (0.4,),
              "threshold": (0.3, -0.2), "ste_sign": (0.7,)}  # fmt: skip
STEPS = {"stop_gradient", "ste_sign", "approx_sign"}  # whose way back is no derivative
ROW = (4, 3)
OPERATIONS = [
    *(Case(Unary(word, PARAMETERS.get(word)), (ROW,), keras=False, derived=word not in STEPS) for word in UNARY),
    *(Case(Binary(word), (ROW, (1, 3)), keras=False) for word in BINARY),
    Case(Binary("subtract", left=1.5), keras=False),
    Case(Binary("divide", right=-2.5), keras=False),
    Case(Binary("power", right=3.0), keras=False),
    Case(Binary("multiply", right=((1.0,), (-2.0,), (0.5,), (3.0,))), (ROW,), keras=False),
    Case(Where(), (ROW, (1, 3), ROW), keras=False),
    Case(Where(right=0.5), (ROW, ROW), keras=False),
    Case(Where(left=0.5), (ROW, ROW), keras=False),
    Case(Where(2.0, -1.0), (ROW,), keras=False),
    *(Case(Reduce(word, (2,)), keras=False) for word in REDUCTIONS),
    *(Case(Reduce(word, (1, 3), True), keras=False) for word in REDUCTIONS),
    Case(ArgReduce("argmax", 2), keras=False),
    Case(ArgReduce("argmin", 1, True), keras=False),
    Case(Cumulative("cumsum", 2), keras=False),
    Case(Cumulative("cumprod", 1), keras=False),
    Case(SoftmaxAlong((1,)), keras=False),
    Case(SoftmaxAlong((1, 2)), keras=False),
    Case(SoftmaxAlong((3,), True), keras=False),
    Case(SoftmaxAlong((2, 3), True), keras=False),
    Case(OneHot(3), (ROW,), keras=False),
    Case(TopK(2), keras=False),
    Case(TopK(2, "indices"), keras=False),
    Case(Take((2, 0, 2), 2), keras=False),
    Case(TakeAlong(1), (ROW, (2, 3)), keras=False),
    Case(Slice(((1, None, 2), -1)), keras=False),
    Case(Slice(((None, -2, 1), (None, None, 1), 1)), keras=False),
    Case(Permute((3, 1, 2)), keras=False),
    Case(ExpandDims(2), (ROW,), keras=False),
    Case(Squeeze(2), ((4, 1, 3),), keras=False),
    Case(Pad(((1, 0), (0, 2), (0, 0)), 1.5), keras=False),
    Case(Repeat(3, 2), keras=False),
    Case(BroadcastTo((4, 5, 3)), ((4, 1, 3),), keras=False),
    Case(MatMul(), ((4, 3), (3, 5)), keras=False),
    Case(MatMul(), ((2, 4, 3), (1, 3, 5)), keras=False),
    Case(Einsum("bij,bkj->bik", (False, False)), ((4, 3), (5, 3)), keras=False),
    Case(Einsum("bijk->bj"), keras=False),
]

RANGE = {"value_range": (-1.5, 1.5), "seed": 2}  # the inputs are normal: some are cut
ROWS = (7, 4)
VOLUME = (4, 3, 5, 2)
OF_NOISE = [
    Case(GaussianNoise(0.5), keras=False),
    Case(GaussianDropout(0.3), (ROWS,), keras=False),
    Case(AlphaDropout(0.4), keras=False),
    Case(SpatialDropout1D(0.5), (ROWS,), keras=False),
    Case(SpatialDropout2D(0.5), keras=False),
    Case(SpatialDropout3D(0.5), (VOLUME,), keras=False),
    Case(SpatialDropout3D(0.5), (VOLUME,), training=False, keras=False),
]
OF_CATEGORIES = [  # equal to Keras's: tests/eager/test_categories.py
    Case(EinsumDense("abc,cd->abd", (None, 5), "tanh", "d"), (ROWS,), keras=False),
    Case(EinsumDense("...xz,xy->...yz", (3, None), None, "yz"), ((2, 3, 4),), keras=False),
    Case(EinsumDense("ab...,bc->ac...", (5,), None, "c"), ((2, 3, 4),), keras=False),
    Case(Discretization((-0.5, 0.1, 0.6), output_mode="count"), (ROWS,), keras=False),
    Case(CategoryEncoding(3, "multi_hot"), (ROWS,), keras=False),
]
OF_PICTURES = [  # equal to Keras's: tests/eager/test_images.py
    Case(Resizing(3, 7), keras=False),
    Case(Resizing(3, 9, "bicubic", antialias=True), keras=False),
    Case(Resizing(4, 4, "lanczos3", crop_to_aspect_ratio=True), keras=False),
    Case(Resizing(6, 3, "nearest", pad_to_aspect_ratio=True, fill_value=0.5), keras=False),
    Case(AdaptiveAveragePooling2D((3, 4))),
    Case(AdaptiveAveragePooling2D(2)),
    Case(AdaptiveMaxPooling2D((3, 4))),
    Case(AdaptiveMaxPooling2D(9), ((7, 5, 2),)),
    Case(AdaptiveAveragePooling1D(3), (ROWS,)),
    Case(AdaptiveMaxPooling1D(4), (ROWS,)),
    Case(CenterCrop(3, 4), keras=False),
    Case(CenterCrop(9, 8), keras=False),
    Case(RandomFlip(), keras=False),
    Case(RandomCrop(3, 4), keras=False),
    Case(RandomCrop(3, 4), training=False, keras=False),
    Case(RandomTranslation(0.4, 0.4), keras=False),
    Case(RandomRotation(0.4, "constant", fill_value=0.5), keras=False),
    Case(RandomRotation(0.4, "wrap", "nearest"), keras=False),
    Case(RandomZoom(0.5, None, "nearest"), keras=False),
    Case(RandomZoom(0.5, (0.1, 0.4)), training=False, keras=False),
    Case(RandomContrast(0.8, **RANGE), keras=False),
    Case(RandomBrightness((0.1, 0.3), **RANGE), keras=False),
    Case(RandomInvert(1.0, **RANGE), keras=False),
    Case(RandomGrayscale(0.7), ((3, 4, 3),), keras=False),
    Case(RandomColorDegeneration(0.7, **RANGE), ((3, 4, 3),), keras=False),
    Case(RandomContrast(0.8), training=False, keras=False),
    Case(RandomHue((0.5, 0.9), **RANGE), ((3, 4, 3),), keras=False),
    Case(RandomHue(0.5), ((3, 4, 1),), keras=False),
    Case(RandomSaturation((0.3, 0.4), **RANGE), ((3, 4, 3),), keras=False),
    Case(RandomSaturation((0.5, 0.9), **RANGE), ((3, 4, 3),), keras=False),
    Case(RandomColorJitter((-3, 3), 0.2, 0.5, 0.6, 0.4), ((3, 4, 3),), keras=False),
    Case(RandomColorJitter(), keras=False),
    Case(RandomErasing(1.0, (0.2, 0.4), (0.1, 0.2, 0.3), (-1.5, 1.5), 2), ((6, 9, 3),), keras=False),
    Case(RandomErasing(seed=1), ((6, 9, 2),), keras=False),
    Case(MixUp(0.9, seed=4), keras=False),
    Case(CutMix(seed=4), keras=False),
]

OF_ROWS = [  # equal to Keras's: tests/eager/test_layers.py
    Case(Conv1D(3, 3, padding="causal", dilation_rate=2), (ROWS,), keras=False),
    Case(Conv1D(4, 2, 2, "same", groups=2, activation="tanh"), (ROWS,), keras=False),
    Case(Conv1DTranspose(3, 3, 2), (ROWS,), keras=False),
    Case(Conv1DTranspose(3, 3, 2, "same", 0), (ROWS,), keras=False),
    Case(DepthwiseConv1D(3, depth_multiplier=2), (ROWS,), keras=False),
    Case(SeparableConv1D(5, 3, depth_multiplier=2), (ROWS,), keras=False),
    Case(MaxPooling1D(), (ROWS,), keras=False),
    Case(AveragePooling1D(3, 2), (ROWS,), keras=False),
    Case(GlobalAveragePooling1D(), (ROWS,), keras=False),
    Case(GlobalMaxPooling1D(keepdims=True), (ROWS,), keras=False),
    Case(GlobalAveragePooling3D(), (VOLUME,), keras=False),
    Case(GlobalMaxPooling3D(), (VOLUME,), keras=False),
    Case(ZeroPadding1D((1, 2)), (ROWS,), keras=False),
    Case(ZeroPadding3D(), (VOLUME,), keras=False),
    Case(Cropping1D((1, 2)), (ROWS,), keras=False),
    Case(Cropping2D(((1, 2), (0, 1))), keras=False),
    Case(Cropping3D(), (VOLUME,), keras=False),
    Case(UpSampling1D(3), (ROWS,), keras=False),
    Case(UpSampling3D((1, 2, 3)), ((2, 3, 2, 2),), keras=False),
    Case(RepeatVector(3), ((4,),), keras=False),
    Case(Identity(), (ROWS,), keras=False),
    Case(Maximum(), (ROWS, ROWS, ROWS), keras=False),
    Case(Minimum(), (ROWS, ROWS), keras=False),
    Case(Subtract(), (ROWS, ROWS), keras=False),
    Case(Average(), (ROWS, ROWS, ROWS), keras=False),
    Case(Dot(2), (ROWS, (5, 4)), keras=False),
    Case(Dot((1, 1), normalize=True), ((4,), (4,)), keras=False),
    Case(LayerNormalization(), tolerance=1e-5, keras=False),
    Case(RMSNormalization(), (ROWS,), tolerance=1e-5, keras=False),
    Case(UnitNormalization(1), (ROWS,), keras=False, tolerance=1e-5),
    Case(GroupNormalization(2), ((5, 3, 4),), tolerance=1e-5, keras=False),
    Case(Normalization(mean=(1.0, 2.0, -1.0, 0.5), variance=(1.0, 4.0, 9.0, 0.25)), (ROWS,), keras=False),
]

CASES = [
    *OPERATIONS, *OF_ROWS, *OF_CATEGORIES, *OF_BITS, *OF_NOISE, *OF_PICTURES, *windows(), *KERNELS, *PLAIN,
    *ACTIVATIONS,
]  # fmt: skip
