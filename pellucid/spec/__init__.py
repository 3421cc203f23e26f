"""Everything that is data: layers, losses, optimisers, schedules, initialisers, with legal values and shapes.

Nothing here computes on arrays. Both engines, the graph, the files and the messages read the same descriptions.
"""
