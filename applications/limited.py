"""Runs a script that reads somebody else's PDF: little memory, little time, no secrets."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SECONDS = 20
HERE = Path(__file__).parent


def run(script: str, content: bytes) -> bytes:
    """What the script printed about what it read; nothing when it was too much for it."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(HERE / script)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b""
    return child.stdout if child.returncode == 0 else b""


def ask(script: str, question: dict[str, Any], *files: bytes) -> bytes:
    """Have it answer a question about files: one line of JSON, and then their bytes."""
    head = json.dumps({**question, "sizes": [len(each) for each in files]})
    return run(script, head.encode() + b"\n" + b"".join(files))
