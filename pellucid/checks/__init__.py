"""Checks before training: can this data, this network and this rule learn at all? One check a file.

Each takes a Subject and returns a Finding. They draw from keys of their own and work on copies, so no bit of a run
depends on whether they ran.
"""
