"""Diagnosis: questions asked after training. What is wrong, how sure is that, and what to do next.

Everything here is a pure function of plain arrays and rows: labels, probabilities, counts, rows of history.csv. What a
run is and where its files lie is known one floor up, in `runs`.
"""
