"""The room of the law: what a consent is, what may follow on what, and which facts prove it. Pure.

Also by when a request must be answered (`deadlines`), how long things last (`retention`), and what stays of somebody
erased (`erasure`). Comes in: the facts of a person's ledger and what a dialogue wants to do; goes out: the facts to
add, or a refusal. No dialogue or store can make a consent that this room would not.
"""
