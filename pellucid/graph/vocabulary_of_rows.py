"""Further layer classes: on rows and volumes, joins, normalisation of each sample."""

from __future__ import annotations

from pellucid.graph.layer import Layer
from pellucid.spec import moving, norms, sequences, shifting


class Conv1D(Layer):
    spec_class = sequences.Conv1D


class Conv1DTranspose(Layer):
    spec_class = sequences.Conv1DTranspose


class DepthwiseConv1D(Layer):
    spec_class = sequences.DepthwiseConv1D


class SeparableConv1D(Layer):
    spec_class = sequences.SeparableConv1D


class MaxPooling1D(Layer):
    spec_class = sequences.MaxPooling1D


class AveragePooling1D(Layer):
    spec_class = sequences.AveragePooling1D


class GlobalAveragePooling1D(Layer):
    spec_class = sequences.GlobalAveragePooling1D


class GlobalMaxPooling1D(Layer):
    spec_class = sequences.GlobalMaxPooling1D


class GlobalAveragePooling3D(Layer):
    spec_class = sequences.GlobalAveragePooling3D


class GlobalMaxPooling3D(Layer):
    spec_class = sequences.GlobalMaxPooling3D


class ZeroPadding1D(Layer):
    spec_class = shifting.ZeroPadding1D


class ZeroPadding3D(Layer):
    spec_class = shifting.ZeroPadding3D


class Cropping1D(Layer):
    spec_class = shifting.Cropping1D


class Cropping2D(Layer):
    spec_class = shifting.Cropping2D


class Cropping3D(Layer):
    spec_class = shifting.Cropping3D


class UpSampling1D(Layer):
    spec_class = shifting.UpSampling1D


class UpSampling3D(Layer):
    spec_class = shifting.UpSampling3D


class RepeatVector(Layer):
    spec_class = shifting.RepeatVector


class Identity(Layer):
    spec_class = shifting.Identity


class Maximum(Layer):
    spec_class = shifting.Maximum


class Minimum(Layer):
    spec_class = shifting.Minimum


class Subtract(Layer):
    spec_class = shifting.Subtract


class Average(Layer):
    spec_class = shifting.Average


class Dot(Layer):
    spec_class = shifting.Dot


class LayerNormalization(Layer):
    spec_class = norms.LayerNormalization


class RMSNormalization(Layer):
    spec_class = norms.RMSNormalization


class UnitNormalization(Layer):
    spec_class = norms.UnitNormalization


class GroupNormalization(Layer):
    spec_class = norms.GroupNormalization


class Permute(Layer):
    spec_class = moving.Permute
