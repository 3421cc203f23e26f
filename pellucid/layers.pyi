"""The layers of a network, with Keras's names and arguments; made by tests/docs/stubs.py."""

from collections.abc import Callable, Sequence
from typing import Any

from pellucid.graph.layer import Layer as Layer
from pellucid.graph.vocabulary import Input as Input
from pellucid.graph.vocabulary import InputLayer as InputLayer
from pellucid.graph.wrapping import InputSpec as InputSpec
from pellucid.graph.wrapping import Pipeline as Pipeline
from pellucid.graph.wrapping import Wrapper as Wrapper

class Activation(Layer):
    def __init__(
        self,
        activation: Any,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AdaptiveAveragePooling1D(Layer):
    def __init__(
        self,
        output_size: Any,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AdaptiveAveragePooling2D(Layer):
    def __init__(
        self,
        output_size: Any,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AdaptiveMaxPooling1D(Layer):
    def __init__(
        self,
        output_size: Any,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AdaptiveMaxPooling2D(Layer):
    def __init__(
        self,
        output_size: Any,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Add(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AlphaDropout(Layer):
    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Average(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AveragePooling1D(Layer):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: Any = 'valid',
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class AveragePooling2D(Layer):
    def __init__(
        self,
        pool_size: Any = ...,
        strides: Any = None,
        padding: Any = 'valid',
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class BatchNormalization(Layer):
    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = 'zeros',
        gamma_initializer: Any = 'ones',
        moving_mean_initializer: Any = 'zeros',
        moving_variance_initializer: Any = 'ones',
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class CategoryEncoding(Layer):
    def __init__(
        self,
        num_tokens: int,
        output_mode: Any = 'multi_hot',
        sparse: Any = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class CenterCrop(Layer):
    def __init__(
        self,
        height: int,
        width: int,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Concatenate(Layer):
    def __init__(
        self,
        axis: int = -1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Conv1D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 'valid',
        data_format: Any = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Conv1DTranspose(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 'valid',
        output_padding: Any = None,
        data_format: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Conv2D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        data_format: Any = None,
        dilation_rate: Any = ...,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Conv2DTranspose(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        output_padding: Any = None,
        data_format: Any = None,
        dilation_rate: Any = ...,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Cropping1D(Layer):
    def __init__(
        self,
        cropping: Any = 1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Cropping2D(Layer):
    def __init__(
        self,
        cropping: Any = 0,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Cropping3D(Layer):
    def __init__(
        self,
        cropping: Any = 1,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class CutMix(Layer):
    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Dense(Layer):
    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class DepthwiseConv1D(Layer):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 'valid',
        depth_multiplier: int = 1,
        data_format: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class DepthwiseConv2D(Layer):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        depth_multiplier: int = 1,
        data_format: Any = None,
        dilation_rate: Any = ...,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Discretization(Layer):
    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: Any = 'int',
        sparse: Any = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Dot(Layer):
    def __init__(
        self,
        axes: Any,
        normalize: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Dropout(Layer):
    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class ELU(Layer):
    def __init__(
        self,
        alpha: float = 1.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class EinsumDense(Layer):
    def __init__(
        self,
        equation: Any,
        partial_output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Flatten(Layer):
    def __init__(
        self,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GaussianDropout(Layer):
    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GaussianNoise(Layer):
    def __init__(
        self,
        stddev: float,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalAveragePooling1D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalAveragePooling2D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalAveragePooling3D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalMaxPooling1D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalMaxPooling2D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GlobalMaxPooling3D(Layer):
    def __init__(
        self,
        data_format: Any = None,
        keepdims: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class GroupNormalization(Layer):
    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = 'zeros',
        gamma_initializer: Any = 'ones',
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Identity(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class LayerNormalization(Layer):
    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = 'zeros',
        gamma_initializer: Any = 'ones',
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class LeakyReLU(Layer):
    def __init__(
        self,
        negative_slope: float = 0.3,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class LocalResponseNormalization(Layer):
    def __init__(
        self,
        size: int = 5,
        alpha: float = 0.0001,
        beta: float = 0.75,
        k: float = 2.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class MaxPooling1D(Layer):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: Any = 'valid',
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class MaxPooling2D(Layer):
    def __init__(
        self,
        pool_size: Any = ...,
        strides: Any = None,
        padding: Any = 'valid',
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Maximum(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Minimum(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class MixUp(Layer):
    def __init__(
        self,
        alpha: float = 0.2,
        data_format: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Multiply(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Normalization(Layer):
    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class PReLU(Layer):
    def __init__(
        self,
        alpha_initializer: Any = 'zeros',
        alpha_regularizer: Any = None,
        shared_axes: Any = None,
        alpha_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Permute(Layer):
    def __init__(
        self,
        dims: Any,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class PositionBias(Layer):
    def __init__(
        self,
        bias_initializer: Any = 'zeros',
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class QuantConv2D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        data_format: Any = None,
        dilation_rate: Any = ...,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        input_quantizer: Any = None,
        kernel_quantizer: Any = None,
        activation_scale: bool = False,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class QuantDense(Layer):
    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        input_quantizer: Any = None,
        kernel_quantizer: Any = None,
        activation_scale: bool = False,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class QuantDepthwiseConv2D(Layer):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        depth_multiplier: int = 1,
        data_format: Any = None,
        dilation_rate: Any = ...,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        input_quantizer: Any = None,
        depthwise_quantizer: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RMSNormalization(Layer):
    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-06,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RReLU(Layer):
    def __init__(
        self,
        lower: float = 0.125,
        upper: float = 0.3333333333333333,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomBrightness(Layer):
    def __init__(
        self,
        factor: Any,
        value_range: Any = ...,
        seed: int | None = None,
        *,
        data_format: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomColorDegeneration(Layer):
    def __init__(
        self,
        factor: Any,
        value_range: Any = ...,
        data_format: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomColorJitter(Layer):
    def __init__(
        self,
        value_range: Any = ...,
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomContrast(Layer):
    def __init__(
        self,
        factor: Any,
        value_range: Any = ...,
        seed: int | None = None,
        *,
        data_format: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomCrop(Layer):
    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomErasing(Layer):
    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = ...,
        fill_value: Any = None,
        value_range: Any = ...,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomFlip(Layer):
    def __init__(
        self,
        mode: Any = 'horizontal_and_vertical',
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomGrayscale(Layer):
    def __init__(
        self,
        factor: float = 0.5,
        data_format: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomHue(Layer):
    def __init__(
        self,
        factor: Any,
        value_range: Any = ...,
        data_format: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomInvert(Layer):
    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = ...,
        seed: int | None = None,
        *,
        data_format: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomRotation(Layer):
    def __init__(
        self,
        factor: Any,
        fill_mode: Any = 'reflect',
        interpolation: Any = 'bilinear',
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomSaturation(Layer):
    def __init__(
        self,
        factor: Any,
        value_range: Any = ...,
        data_format: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomTranslation(Layer):
    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: Any = 'reflect',
        interpolation: Any = 'bilinear',
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RandomZoom(Layer):
    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: Any = 'reflect',
        interpolation: Any = 'bilinear',
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class ReLU(Layer):
    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class RepeatVector(Layer):
    def __init__(
        self,
        n: int,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Rescaling(Layer):
    def __init__(
        self,
        scale: Any,
        offset: Any = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Reshape(Layer):
    def __init__(
        self,
        target_shape: Any,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Resizing(Layer):
    def __init__(
        self,
        height: int,
        width: int,
        interpolation: Any = 'bilinear',
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: Any = 'constant',
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class SeparableConv1D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 'valid',
        data_format: Any = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = 'glorot_uniform',
        pointwise_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class SeparableConv2D(Layer):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = ...,
        padding: Any = 'valid',
        data_format: Any = None,
        dilation_rate: Any = ...,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = 'glorot_uniform',
        pointwise_initializer: Any = 'glorot_uniform',
        bias_initializer: Any = 'zeros',
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Softmax(Layer):
    def __init__(
        self,
        axis: int = -1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class SpatialDropout1D(Layer):
    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class SpatialDropout2D(Layer):
    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class SpatialDropout3D(Layer):
    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Subtract(Layer):
    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class Temperature(Layer):
    def __init__(
        self,
        value: float,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class UnitNormalization(Layer):
    def __init__(
        self,
        axis: Any = -1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class UpSampling1D(Layer):
    def __init__(
        self,
        size: int = 2,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class UpSampling2D(Layer):
    def __init__(
        self,
        size: Any = ...,
        data_format: Any = None,
        interpolation: Any = 'nearest',
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class UpSampling3D(Layer):
    def __init__(
        self,
        size: Any = ...,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class ZeroPadding1D(Layer):
    def __init__(
        self,
        padding: Any = 1,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class ZeroPadding2D(Layer):
    def __init__(
        self,
        padding: Any = ...,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

class ZeroPadding3D(Layer):
    def __init__(
        self,
        padding: Any = 1,
        data_format: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
    ) -> None: ...

add: Callable[..., Any]

average: Callable[..., Any]

concatenate: Callable[..., Any]

dot: Callable[..., Any]

maximum: Callable[..., Any]

minimum: Callable[..., Any]

multiply: Callable[..., Any]

subtract: Callable[..., Any]

AvgPool1D = AveragePooling1D

AvgPool2D = AveragePooling2D

Convolution1D = Conv1D

Convolution1DTranspose = Conv1DTranspose

Convolution2D = Conv2D

Convolution2DTranspose = Conv2DTranspose

GlobalAvgPool1D = GlobalAveragePooling1D

GlobalAvgPool2D = GlobalAveragePooling2D

GlobalAvgPool3D = GlobalAveragePooling3D

GlobalMaxPool1D = GlobalMaxPooling1D

GlobalMaxPool2D = GlobalMaxPooling2D

GlobalMaxPool3D = GlobalMaxPooling3D

MaxPool1D = MaxPooling1D

MaxPool2D = MaxPooling2D

SeparableConvolution1D = SeparableConv1D

SeparableConvolution2D = SeparableConv2D
