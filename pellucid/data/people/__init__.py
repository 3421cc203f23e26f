"""People: any number of objects with points a picture, all asked for at once."""
