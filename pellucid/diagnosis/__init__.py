"""Questions asked after training: what is wrong, how sure that is, and what to do next.

Each question is a function on plain arrays (labels, probabilities, images) whose answer is a frozen value with
`to_json`; gathering a run's predictions and drawing pictures are `runs`' business.
"""
