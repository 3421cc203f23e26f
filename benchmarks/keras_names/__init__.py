"""How much of Keras is here: its own tests on Pellucid's public names, and the names that people type."""
