"""Texts and locales at run time: catalogs of translated texts, and the choice of a person's language.

In: text ids and country hints; out: finished texts in one language. Knows no dialogue and no store.
"""
