"""Every record that is read back, described once and checked before it is used.

`runs` describes what a run folder holds, `models` what a model file and a checkpoint say beside their arrays;
`checking` holds a value against its description. They need msgspec, so they are imported where a file is read.
"""
