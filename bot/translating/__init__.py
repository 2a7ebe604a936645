"""The translators' tools: everything behind `i18n …` that is not needed to answer a message.

Comes in: flows, `business.toml`, catalogs and word lists, as they stand in the files; goes out: templates, updated
catalogs, findings with their cures, and a page that shows every message of a language (`preview`).
"""
