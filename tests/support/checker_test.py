"""What the tests of the repository's checkers have in common: a small repository, and what a checker says of it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path


class CheckerTest(unittest.TestCase):
    def expect_of(self, checker, problems, files):
        """The checker beside this file finds these problems, and no others, in a repository of these {name: text}; None is no file."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                if text is None:
                    continue
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            run = subprocess.run([sys.executable, Path(__file__).with_name(checker), folder], capture_output=True, text=True, check=False)
        self.assertEqual(run.stdout.splitlines(), problems, run.stderr)
        self.assertEqual(run.returncode, 1 if problems else 0)
