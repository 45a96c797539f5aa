"""Benchmarks: one question per script; each writes JSON with the machine, versions, date and command."""
