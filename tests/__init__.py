"""Mirrors `bot/`; `conversations/` holds transcripts, `data/` payloads, `benchmarks/` the measurements."""
