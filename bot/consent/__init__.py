"""The law: what a consent is, which fact may follow which, and what proves it. Pure.

It also holds the deadlines of requests (`deadlines`), how long things last (`retention`), and what remains of an
erased person (`erasure`). In: the facts of a person's ledger and what a dialogue wants to do; out: the
facts to add, or a refusal. No dialogue or store can record a consent that is refused here.
"""
