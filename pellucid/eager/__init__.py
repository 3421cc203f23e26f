"""What is called on numbers answers with numbers: the same spec on an engine. No arithmetic is written here.

Importing this package enters it in the rooms below, so that layers and operations find it; what it needs itself is
imported at the first call.
"""

from pellucid.eager import entering  # noqa: F401  (enters the room)
