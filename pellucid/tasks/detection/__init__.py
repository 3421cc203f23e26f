"""Boxes: any number of objects a picture, each with its class and place."""
