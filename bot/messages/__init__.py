"""What all other folders exchange: what people send (`inbound`), what is said to them (`reply`), and on which `basis`.

Pure values without behaviour. Channels turn bytes into an `Inbound` and an `Outbound` into bytes; stores keep both.
"""
