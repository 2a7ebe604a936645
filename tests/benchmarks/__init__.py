"""How fast we are, beside the bare limit of the same work (`make bench`). A benchmark, not a test.

`__main__` → `measure` runs the programs (ours, the `limits`, the peer `aiogram_bot`) between `load`, which plays the
persons of `talk`, and `sink`, which plays Graph; `report` says what came out. Each is a process of its own.
"""
