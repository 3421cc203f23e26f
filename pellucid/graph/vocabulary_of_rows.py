"""Further layer classes: on rows and volumes, joins, normalisation of each sample."""

from __future__ import annotations

from pellucid.graph.layer import Layer
from pellucid.spec import moving, norms, sequences, shifting


class Conv1D(Layer):
    __doc__ = sequences.Conv1D.__doc__
    spec_class = sequences.Conv1D


class Conv1DTranspose(Layer):
    __doc__ = sequences.Conv1DTranspose.__doc__
    spec_class = sequences.Conv1DTranspose


class DepthwiseConv1D(Layer):
    __doc__ = sequences.DepthwiseConv1D.__doc__
    spec_class = sequences.DepthwiseConv1D


class SeparableConv1D(Layer):
    __doc__ = sequences.SeparableConv1D.__doc__
    spec_class = sequences.SeparableConv1D


class MaxPooling1D(Layer):
    __doc__ = sequences.MaxPooling1D.__doc__
    spec_class = sequences.MaxPooling1D


class AveragePooling1D(Layer):
    __doc__ = sequences.AveragePooling1D.__doc__
    spec_class = sequences.AveragePooling1D


class GlobalAveragePooling1D(Layer):
    __doc__ = sequences.GlobalAveragePooling1D.__doc__
    spec_class = sequences.GlobalAveragePooling1D


class GlobalMaxPooling1D(Layer):
    __doc__ = sequences.GlobalMaxPooling1D.__doc__
    spec_class = sequences.GlobalMaxPooling1D


class GlobalAveragePooling3D(Layer):
    __doc__ = sequences.GlobalAveragePooling3D.__doc__
    spec_class = sequences.GlobalAveragePooling3D


class GlobalMaxPooling3D(Layer):
    __doc__ = sequences.GlobalMaxPooling3D.__doc__
    spec_class = sequences.GlobalMaxPooling3D


class ZeroPadding1D(Layer):
    __doc__ = shifting.ZeroPadding1D.__doc__
    spec_class = shifting.ZeroPadding1D


class ZeroPadding3D(Layer):
    __doc__ = shifting.ZeroPadding3D.__doc__
    spec_class = shifting.ZeroPadding3D


class Cropping1D(Layer):
    __doc__ = shifting.Cropping1D.__doc__
    spec_class = shifting.Cropping1D


class Cropping2D(Layer):
    __doc__ = shifting.Cropping2D.__doc__
    spec_class = shifting.Cropping2D


class Cropping3D(Layer):
    __doc__ = shifting.Cropping3D.__doc__
    spec_class = shifting.Cropping3D


class UpSampling1D(Layer):
    __doc__ = shifting.UpSampling1D.__doc__
    spec_class = shifting.UpSampling1D


class UpSampling3D(Layer):
    __doc__ = shifting.UpSampling3D.__doc__
    spec_class = shifting.UpSampling3D


class RepeatVector(Layer):
    __doc__ = shifting.RepeatVector.__doc__
    spec_class = shifting.RepeatVector


class Identity(Layer):
    __doc__ = shifting.Identity.__doc__
    spec_class = shifting.Identity


class Maximum(Layer):
    __doc__ = shifting.Maximum.__doc__
    spec_class = shifting.Maximum


class Minimum(Layer):
    __doc__ = shifting.Minimum.__doc__
    spec_class = shifting.Minimum


class Subtract(Layer):
    __doc__ = shifting.Subtract.__doc__
    spec_class = shifting.Subtract


class Average(Layer):
    __doc__ = shifting.Average.__doc__
    spec_class = shifting.Average


class Dot(Layer):
    __doc__ = shifting.Dot.__doc__
    spec_class = shifting.Dot


class LayerNormalization(Layer):
    __doc__ = norms.LayerNormalization.__doc__
    spec_class = norms.LayerNormalization


class RMSNormalization(Layer):
    __doc__ = norms.RMSNormalization.__doc__
    spec_class = norms.RMSNormalization


class UnitNormalization(Layer):
    __doc__ = norms.UnitNormalization.__doc__
    spec_class = norms.UnitNormalization


class GroupNormalization(Layer):
    __doc__ = norms.GroupNormalization.__doc__
    spec_class = norms.GroupNormalization


class Normalization(Layer):
    __doc__ = norms.Normalization.__doc__
    spec_class = norms.Normalization


class Permute(Layer):
    __doc__ = moving.Permute.__doc__
    spec_class = moving.Permute
