"""Pictures of a seller's screen: checked by decoding, drawn anew, kept sealed for a time."""
