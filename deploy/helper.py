"""`python -m deploy.helper OUT`: the helper as one file that Python starts; its libraries are in remote/helper/requirements.txt."""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipapp
from pathlib import Path

from deploy.environment import ROOT


def build(out: Path) -> Path:
    """Put the helper's own files into a zip application."""
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "remote" / "helper"
        inside.mkdir(parents=True)
        shutil.copy(ROOT / "remote" / "__init__.py", inside.parent)
        for path in (ROOT / "remote" / "helper").glob("*.py"):
            shutil.copy(path, inside)
        main = "import sys\n\nfrom remote.helper.__main__ import main\n\nsys.exit(main())\n"
        (Path(folder) / "__main__.py").write_text(main, encoding="utf-8")
        zipapp.create_archive(folder, out, interpreter="/usr/bin/env python3", compressed=True)
    return out


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("python -m deploy.helper OUT", file=sys.stderr)
        sys.exit(2)
    print(build(Path(sys.argv[1])))
