"""From a webhook to the answer: `receive` stores what a channel posted, and `converse` answers it.

`claims` says how urgent an event is; `cases` and `owners` find whose it is, `inherit`
what they had before; `redelivery` steps a message again whose worker died; `staff` watches what staff write.
"""
