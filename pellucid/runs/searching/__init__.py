"""A search, from its settings to its best run: studies, trials, workers, folder and page."""
