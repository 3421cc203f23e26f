"""Questions about one prediction or one filter: a look at every number between input and output."""
