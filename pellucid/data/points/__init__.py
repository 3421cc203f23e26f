"""Points on one object a sample: column, skeletons, readers and writers of the forms that people have."""
