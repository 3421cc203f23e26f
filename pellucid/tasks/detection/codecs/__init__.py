"""Codecs: from boxes to what a network learns at its places, and back."""
