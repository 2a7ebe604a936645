"""Composition: builds a process from settings, stores, channels, use cases and routes.

`runtime` opens everything that the settings name, and `operators` offers the part that commands may use; `processes`
starts and ends what a process serves; `routes` collects the HTTP routes; `load` reads the flows, texts and words;
`simulation` runs the whole program against a simulated WhatsApp; `doctor` checks everything that must be in order. May
import every other folder; only `commands`, `hosts` and tests import it.
"""
