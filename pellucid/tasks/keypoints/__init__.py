"""Points: the named points of one object a picture, such as a face or a person."""
