"""What is learnt: one folder a task, each with all that is particular to it; `runs` and the command line name none."""
