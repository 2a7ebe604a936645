"""What the company's own people do: find a person, see and prove what is known, answer requests, do maintenance.

`find` records who looks, and how, and is the only module that makes a `Looked`. Modules that show or change a person's
data (`person`, `requests`, `evidence`, `export`) require it. `dead_letters`, `erasures` and `rotation` show nobody's.
Commands, a console and an API call only these use cases, as composed by `app.operators`, and nothing behind them.
"""
