"""What is on disk: the one writer, model files, checkpoints, tables and the layout of a run folder."""
