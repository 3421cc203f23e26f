"""Search, whole: which settings are tried next, and the studies, trials, workers, folder and page that carry it out."""
