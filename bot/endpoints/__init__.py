"""Posts to the company's own systems, at addresses that an operator or a token's holder has named.

Implements `service.ports.Post`. Nothing inside our network may be reached this way unless a setting allows it.
"""
