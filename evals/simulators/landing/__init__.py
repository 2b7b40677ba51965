"""A seller's landing page, with every fault a real one has been seen to have."""
