"""Layer classes on pictures: resizing, crops, and what is changed at random in training."""

from __future__ import annotations

from pellucid.graph.layer import Layer
from pellucid.spec import images


class CenterCrop(Layer):
    spec_class = images.CenterCrop


class RandomBrightness(Layer):
    spec_class = images.RandomBrightness


class RandomColorDegeneration(Layer):
    spec_class = images.RandomColorDegeneration


class RandomContrast(Layer):
    spec_class = images.RandomContrast


class RandomCrop(Layer):
    spec_class = images.RandomCrop


class RandomFlip(Layer):
    spec_class = images.RandomFlip


class RandomGrayscale(Layer):
    spec_class = images.RandomGrayscale


class RandomInvert(Layer):
    spec_class = images.RandomInvert


class RandomRotation(Layer):
    spec_class = images.RandomRotation


class RandomTranslation(Layer):
    spec_class = images.RandomTranslation


class RandomZoom(Layer):
    spec_class = images.RandomZoom


class Resizing(Layer):
    spec_class = images.Resizing
