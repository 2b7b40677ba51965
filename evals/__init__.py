"""Simulated vendors and sellers, load and benchmarks, datasets and gates."""
