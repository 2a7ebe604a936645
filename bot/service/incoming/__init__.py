"""From a webhook to the answer: `receive` stores what a channel posted, and `converse` answers it.

`claims` says how urgent an event is; `cases` and `owners` find its person, `inherit` what was withdrawn under their
addresses before; `redelivery` repeats the step of a message whose worker died; `staff` watches what staff write.
"""
