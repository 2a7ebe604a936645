"""What all other folders exchange: what people send (`inbound`), what is said to them (`reply`), and on which `basis`.

Pure values without behaviour. Channels make an `Inbound` of bytes and bytes of an `Outbound`; stores keep both.
"""
