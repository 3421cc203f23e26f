"""Stores: a data set in one HDF5 file or in shards, written so that it goes on after a kill and is read as needed."""
