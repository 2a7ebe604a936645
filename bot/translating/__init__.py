"""The translators' tools: everything behind `i18n …` that is not needed to answer a message.

In: flows, `business.toml`, catalogs and word lists, as they are in the files; out: templates, updated
catalogs, findings with their cures, and a page that shows every message of a language (`preview`).
"""
