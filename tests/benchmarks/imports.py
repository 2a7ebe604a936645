"""`python -m tests.benchmarks.imports`: how long the import of a large file takes, and in how much memory."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from bot import logs
from bot.app.operators import operators
from bot.app.runtime import open_runtime
from bot.service.operators.find import Look
from bot.service.operators.imports import Terms
from bot.settings import load_settings


def _written(folder: Path, rows: int) -> Path:
    """Write a file in which every tenth row unsubscribes."""
    file = folder / "list.csv"
    with file.open("w", encoding="utf-8") as opened:
        opened.write("address,purpose,status,at\n")
        for number in range(rows):
            status = "subscribed" if number % 10 else "unsubscribed"
            opened.write(f"+49151{20_000_000 + number},offers,{status},2026-10-05T10:00:00Z\n")
    return file


async def _measured(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="cb-") as name:
        file = _written(Path(name), rows)
        async with open_runtime(load_settings(None, var_dir=Path(name) / "var")) as runtime:
            began, cpu = time.perf_counter(), time.process_time()
            async for step in operators(runtime).imports.file(file, Terms("benchmark"), Look("benchmark", "import")):
                if step.position % 100_000 == 0 or step.position == rows:
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                    seconds, used = time.perf_counter() - began, time.process_time() - cpu
                    typer.echo(f"{step.position} rows: {seconds:.0f} s, {used:.0f} s of CPU, peak {peak} MiB")


def main(rows: Annotated[int, typer.Option(min=1)] = 1_000_000) -> None:
    """Import a file into engines of its own, which are durable as in production."""
    logs.configure("ERROR")
    asyncio.run(_measured(rows))


if __name__ == "__main__":
    typer.run(main)
