"""What a typed text means. Pure.

`normalise` brings a text into the forms that are compared; `keywords` and `keyword_files` hold each language's words;
`intents` decides what a message means, with `assent` for a yes, `withdrawal`, `refusals` and `statements` for what may
be a wish to stop, and `person_wanted` for calls for a person; `roles` finds the parts of such sentences. When in doubt
whether somebody wants to stop, the answer is `maybe_stop`, never nothing.
"""
