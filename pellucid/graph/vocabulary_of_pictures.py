"""Layer classes on pictures: resizing, crops, what is changed at random in training; and noise of any shape."""

from __future__ import annotations

from pellucid.graph.layer import Layer
from pellucid.spec import adaptive, colors, images, mixing, noise


class AdaptiveAveragePooling1D(Layer):
    spec_class = adaptive.AdaptiveAveragePooling1D


class AdaptiveAveragePooling2D(Layer):
    spec_class = images.AdaptiveAveragePooling2D


class AdaptiveMaxPooling1D(Layer):
    spec_class = adaptive.AdaptiveMaxPooling1D


class AdaptiveMaxPooling2D(Layer):
    spec_class = adaptive.AdaptiveMaxPooling2D


class CenterCrop(Layer):
    spec_class = images.CenterCrop


class CutMix(Layer):
    spec_class = mixing.CutMix


class MixUp(Layer):
    spec_class = mixing.MixUp


class RandomBrightness(Layer):
    spec_class = images.RandomBrightness


class RandomColorDegeneration(Layer):
    spec_class = images.RandomColorDegeneration


class RandomColorJitter(Layer):
    spec_class = colors.RandomColorJitter


class RandomContrast(Layer):
    spec_class = images.RandomContrast


class RandomCrop(Layer):
    spec_class = images.RandomCrop


class RandomErasing(Layer):
    spec_class = colors.RandomErasing


class RandomFlip(Layer):
    spec_class = images.RandomFlip


class RandomGrayscale(Layer):
    spec_class = images.RandomGrayscale


class RandomHue(Layer):
    spec_class = colors.RandomHue


class RandomInvert(Layer):
    spec_class = images.RandomInvert


class RandomRotation(Layer):
    spec_class = images.RandomRotation


class RandomSaturation(Layer):
    spec_class = colors.RandomSaturation


class RandomTranslation(Layer):
    spec_class = images.RandomTranslation


class RandomZoom(Layer):
    spec_class = images.RandomZoom


class Resizing(Layer):
    spec_class = images.Resizing


class AlphaDropout(Layer):
    spec_class = noise.AlphaDropout


class GaussianDropout(Layer):
    spec_class = noise.GaussianDropout


class GaussianNoise(Layer):
    spec_class = noise.GaussianNoise


class SpatialDropout1D(Layer):
    spec_class = noise.SpatialDropout1D


class SpatialDropout2D(Layer):
    spec_class = noise.SpatialDropout2D


class SpatialDropout3D(Layer):
    spec_class = noise.SpatialDropout3D
