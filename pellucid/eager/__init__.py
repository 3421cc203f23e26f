"""Eager: the room for what is called on numbers, as Keras calls layers, losses, metrics and initialisers; empty so far.

What comes here runs a spec on an engine and writes no arithmetic of its own. Public pages re-export it, and what is
called on symbolic tensors stays in `graph`.
"""
