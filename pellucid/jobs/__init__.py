"""Jobs: predictions, evaluations and trainings that others leave in a folder or in Redis, each answered once."""
