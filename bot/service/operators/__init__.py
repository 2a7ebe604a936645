"""What the company's own people do: find a person, see and prove what is known, answer requests.

Every use case here that shows or changes something of a person records who looked, and how. Commands, a console and an
API call these and nothing behind them.
"""
