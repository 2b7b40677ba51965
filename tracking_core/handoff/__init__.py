"""A setup in the hands of a person: the case file, its clock, and what people do with it."""
