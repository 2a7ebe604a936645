"""What persons ask for about their data: `fulfil` works off the tasks that conversations leave, `rights` does them.

`gather` puts together what every data holder has (`my_data` is its shape), `erase` erases a person from all of them,
`media` deletes the documents that were uploaded to the channel, and `links` gives the file behind a link.
"""
