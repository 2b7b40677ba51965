"""Evals of the setup agent: simulated sellers in a simulated world, judged by what stands in the database."""
