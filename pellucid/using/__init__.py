"""Using: what is done with a run that has ended: scored, asked about pictures, diagnosed, compared, exported."""
