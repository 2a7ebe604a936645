"""What the company's own people do: find a person, see and prove what is known, answer requests, keep house.

`find` records who looks, and how, and is the only one that makes a `Looked`; whatever shows or changes something of a
person (`person`, `requests`, `evidence`, `export`) asks for one. `dead_letters`, `erasures` and `rotation` show nobody.
Commands, a console and an API call these, put together by `app.operators`, and nothing behind them.
"""
