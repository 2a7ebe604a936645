"""Composition: puts one process together out of settings, stores, channels, use cases and routes.

`runtime` opens everything that the settings name, and `operators` gives of it what commands may use; `processes` starts
and ends what a process serves; `routes` collects the HTTP routes; `load` reads the flows, texts and words; `simulation`
runs the whole program against a simulated WhatsApp; `doctor` looks at everything that must be well. May import every
other folder; only `commands`, `hosts` and tests import it.
"""
