"""docs/keras.md speaks of every name that programs type often, or now and then, and that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import pellucid as p
from benchmarks.keras_names.at_work import NAMES
from pellucid.errors import ArgumentError
from pellucid.training.absent import INSTEAD

PAGE = (Path(__file__).parents[2] / "docs" / "keras.md").read_text(encoding="utf-8")
NOW_AND_THEN = {
    "layers":
        "AvgPool2D ELU GlobalAvgPool2D GlobalMaxPool2D PReLU ActivityRegularization AdaptiveAveragePooling2D "
        "AdditiveAttention AlphaDropout average AveragePooling1D AveragePooling3D CategoryEncoding CenterCrop "
        "Conv1DTranspose Conv3D Conv3DTranspose ConvLSTM2D Convolution2D Cropping1D Cropping2D CutMix "
        "DepthwiseConv1D Discretization Dot dot EinsumDense GaussianDropout GaussianNoise "
        "GlobalAveragePooling3D GroupNormalization GroupQueryAttention GRUCell Identity InputSpec "
        "IntegerLookup LSTMCell Masking maximum MaxPool1D MaxPooling3D Minimum minimum MixUp multiply Permute "
        "Pipeline RandAugment RandomBrightness RandomColorJitter RandomErasing RandomGrayscale RandomHue "
        "RandomSaturation RepeatVector RMSNormalization RNN SeparableConv1D SimpleRNNCell SpatialDropout1D "
        "SpatialDropout2D SpectralNormalization StackedRNNCells StringLookup subtract UnitNormalization "
        "UpSampling1D Wrapper ZeroPadding1D",
    "losses":
        "binary_crossentropy categorical_crossentropy CategoricalHinge cosine_similarity CosineSimilarity ctc "
        "Dice get Hinge huber kl_divergence LogCosh mean_absolute_error mean_squared_error "
        "MeanAbsolutePercentageError Poisson sparse_categorical_crossentropy SquaredHinge Tversky",
    "metrics":
        "BinaryCrossentropy BinaryIoU CategoricalCrossentropy CosineSimilarity FalseNegatives FalsePositives "
        "FBetaScore get IoU KLDivergence MeanAbsolutePercentageError MeanMetricWrapper "
        "MeanSquaredLogarithmicError OneHotIoU OneHotMeanIoU PrecisionAtRecall R2Score RecallAtPrecision "
        "SensitivityAtSpecificity SparseCategoricalCrossentropy SpecificityAtSensitivity Sum TrueNegatives "
        "TruePositives",
    "optimizers":
        "Adadelta Adafactor Adamax Ftrl get Lion LossScaleOptimizer Muon Nadam",
    "schedules":
        "CosineDecayRestarts",
    "callbacks":
        "CallbackList ProgbarLogger RemoteMonitor SwapEMAWeights",
    "initializers":
        "LecunUniform get glorot_uniform he_normal Identity Initializer",
    "regularizers":
        "get orthogonal_regularizer OrthogonalRegularizer Regularizer",
    "activations":
        "exponential get hard_sigmoid hard_silu hard_swish log_sigmoid log_softmax mish relu6 softsign",
    "constraints":
        "max_norm MinMaxNorm non_neg NonNeg unit_norm UnitNorm",
    "utils":
        "array_to_img custom_object_scope CustomObjectScope deserialize_keras_object get_custom_objects "
        "model_to_dot normalize Progbar save_img serialize_keras_object split_dataset "
        "text_dataset_from_directory timeseries_dataset_from_array",
}  # fmt: skip


def page_of(name: str) -> Any:
    return p.optimizers.schedules if name == "schedules" else getattr(p, name)


@pytest.mark.parametrize("page", sorted({*NAMES, *NOW_AND_THEN}))
def test_a_name_is_there_or_refused_in_a_sentence_and_on_the_page(page: str) -> None:
    table = PAGE[PAGE.index("Not there, of the names") :]
    for name in f"{NAMES.get(page, '')} {NOW_AND_THEN.get(page, '')}".split():
        entry = getattr(page_of(page), name)  # an AttributeError names what was forgotten
        if name in INSTEAD:
            assert f"`{name}`" in table, name
            with pytest.raises(ArgumentError, match=f"{name} is not part of Pellucid. .{{15}}"):
                entry(3)


def test_the_page_calls_nothing_absent_that_is_there() -> None:
    table = PAGE[PAGE.index("Not there, of the names") :]
    first = [line.split("|")[2] for line in table.split("Left out on purpose")[0].splitlines() if line.startswith("| ")]
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert len(named) > 30 and named <= set(INSTEAD)
