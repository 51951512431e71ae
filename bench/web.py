"""The web application against its bars: a verdict, the first page, a step of the slider, 200 readers at once.

Run: python bench/web.py [--readers 200] [--seconds 10] [--no-browser]. Prints each figure beside its bar, with the load
of the machine; exits 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

READ = [
    "/",
    "/plane?on=2025-04-17",
    "/plane?view=dram&on=2026-02-01",
    "/plane/days.json?to=CN",
    "/check?item=nvidia-h20&on=2025-04-17",
    "/check?item=nvidia-h100&on=2023-12-01",
    "/check?item=huawei-ascend-910c",
    "/law",
    "/law/us/3a090.a",
    "/law/us/letter-2025-04",
    "/law/changes?first=2025-01-01&last=2025-12-31",
    "/chips",
    "/chips/nvidia-h20",
    "/models",
    "/money/exposure",
    "/money/duty?on=2025-04-17",
    "/performance",
    "/buyer/forensics",
    "/assets/site.css",
    "/api/check?item=nvidia-h20&to=CN",
]
"""What readers read, in turn."""


@contextlib.contextmanager
def serving() -> Iterator[int]:
    with tempfile.TemporaryDirectory() as state:
        command = [str(Path(sys.executable).with_name("twokey")), "serve", "--port", "0", "--state", state]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline().split()[3].rstrip("/").rsplit(":", 1)[1])
            try:
                yield port
            finally:
                server.terminate()
                server.wait(20)


async def read(port: int, path: str, keep: list[asyncio.StreamReader | asyncio.StreamWriter]) -> int:
    """Read one page over a connection that is kept, and return its status."""
    if not keep:
        keep += await asyncio.open_connection("127.0.0.1", port)
    reader, writer = keep
    assert isinstance(reader, asyncio.StreamReader)
    assert isinstance(writer, asyncio.StreamWriter)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if "content-length: " in head:
        await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
    return int(head.split()[1])


async def readers(port: int, count: int, seconds: float) -> tuple[list[float], int]:
    """Return how long each page took [s] and how many went wrong, with so many readers who never pause."""
    took: list[float] = []
    wrong = 0
    end = time.perf_counter() + seconds

    async def one(i: int) -> None:
        nonlocal wrong
        keep: list[asyncio.StreamReader | asyncio.StreamWriter] = []
        step = i
        while time.perf_counter() < end:
            begin = time.perf_counter()
            try:
                wrong += await read(port, READ[step % len(READ)], keep) != 200
            except OSError:
                wrong += 1
                keep.clear()
            took.append(time.perf_counter() - begin)
            step += 1

    await asyncio.gather(*(one(i) for i in range(count)))
    return took, wrong


async def verdicts(port: int) -> list[float]:
    """Return how long verdicts took that nobody asked for before [s]."""
    took = []
    keep: list[asyncio.StreamReader | asyncio.StreamWriter] = []
    for i in range(60):
        path = f"/check?item=nvidia-h{('20', '100', '200')[i % 3]}&on=2025-{1 + i % 12:02}-{1 + i // 12:02}&to=CN"
        begin = time.perf_counter()
        assert await read(port, path, keep) == 200
        took.append(time.perf_counter() - begin)
    return took


def slider(port: int) -> tuple[list[float], float]:
    """Return how long each step of the plane's slider took [ms], and the load of the first page [ms]."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_load_state("load")
        first = float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        page.goto(f"http://127.0.0.1:{port}/plane?on=2022-09-01")
        page.wait_for_selector("#slider[data-ready]", timeout=120_000)
        page.focus("#day")
        took = []
        for _ in range(int(page.get_attribute("#day", "max") or 0) - int(page.input_value("#day"))):
            before = page.get_attribute("#plane", "data-day") or ""
            page.keyboard.press("ArrowRight")
            page.wait_for_function("d => document.getElementById('plane').dataset.day !== d", arg=before)
            took.append(float(page.get_attribute("#plane", "data-step") or "nan"))
        browser.close()
        return took, first


def at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    rows: list[tuple[str, float, float, str]] = []
    with serving() as port:
        time.sleep(1.0)
        if not given.no_browser:
            steps, first = slider(port)
            rows.append(("first page, loaded in Chromium", first, 1000, "ms"))
            rows.append(("slider step, median", at(steps, 0.5), 100, "ms"))
            rows.append(("slider step, worst", max(steps), 100, "ms"))
        took = asyncio.run(verdicts(port))
        rows.append(("verdict page never asked before, median", 1000 * at(took, 0.5), 50, "ms"))
        rows.append(("verdict page never asked before, P90", 1000 * at(took, 0.9), 50, "ms"))
        took, wrong = asyncio.run(readers(port, given.readers, given.seconds))
        rows.append((f"{given.readers} readers, errors of {len(took):,} pages", wrong, 0, ""))
        rows.append((f"{given.readers} readers, P50", 1000 * at(took, 0.5), 500, "ms"))
        rows.append((f"{given.readers} readers, P99", 1000 * at(took, 0.99), 500, "ms"))
        rows.append((f"{given.readers} readers, worst", 1000 * max(took), float("inf"), "ms"))
        print(f"{len(took) / given.seconds:,.0f} pages a second; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    missed = 0
    for name, value, bar, unit in rows:
        missed += value > bar
        said = "" if bar == float("inf") else f"bar {bar:g} {unit}".rstrip() + (", MISSED" if value > bar else ", met")
        print(f"{name:<48} {value:>10.1f} {unit:<3} {said}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
