"""What `up`, `check` and `bench` share: the virtual environment, Node, the built village page. Standard library only,
since it runs before anything is installed. Every step looks first whether its work is done (a stamp of its inputs).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PWA = ROOT / "pwa"
OLDEST = (3, 11)


class Stop(Exception):
    """A step failed in a way that the person can mend: the sentence says how."""


class Steps:
    """Numbered progress lines; a step that takes long shows its elapsed seconds while it works."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.number = 0

    def run(
        self, title: str, command: list[str], log: Path, cwd: Path = ROOT, env: dict[str, str] | None = None
    ) -> None:
        """Run one command with its output in a log; Stop with the log's last lines when it fails."""
        self.number += 1
        started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                while process.poll() is None:
                    self._show(title, started, done=False)
                    time.sleep(0.5)
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                raise
        self._show(title, started, done=True)
        if process.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise Stop(f"“{title}”没有成功,记录在 {log}。最后几行:\n{tail}")

    def skip(self, title: str) -> None:
        """A step whose work is done already."""
        self.number += 1
        print(f"[{self.number}/{self.total}] {title}:已就绪", flush=True)

    def _show(self, title: str, started: float, done: bool) -> None:
        line = f"[{self.number}/{self.total}] {title} {time.monotonic() - started:.0f} 秒"
        if done:
            print(f"\r{line}" if sys.stdout.isatty() else line, flush=True)
        elif sys.stdout.isatty():
            print(f"\r{line}", end="", flush=True)


def fingerprint(paths: Iterable[Path]) -> str:
    """One hash over the names and bytes of files and folders."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "node_modules" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def prepare(steps: Steps, logs: Path) -> None:
    """Virtual environment, Python packages, Node packages, built page: four steps."""
    _python(steps, logs)
    _packages(steps, logs)
    _node_packages(steps, logs)
    _page(steps, logs)


def _python(steps: Steps, logs: Path) -> None:
    if sys.version_info < OLDEST:
        raise Stop(
            f"需要 Python {OLDEST[0]}.{OLDEST[1]} 或更新,现在是 {sys.version.split()[0]}。请先安装:apt-get install python3"
        )
    if PYTHON.exists():
        steps.skip("Python 环境")
        return
    try:
        import ensurepip  # noqa: F401 - only whether it is there
    except ImportError:
        raise Stop("缺少 python3-venv。请先运行:apt-get install -y python3-venv") from None
    steps.run("建立 Python 环境", [sys.executable, "-m", "venv", str(VENV)], logs / "venv.log")


def _packages(steps: Steps, logs: Path) -> None:
    wanted = [ROOT / "requirements.txt", ROOT / "deploy" / "constraints.txt"]
    stamp, mark = VENV / ".packages", fingerprint(wanted)
    if _is(stamp, mark):
        steps.skip("Python 软件包")
        return
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "-r",
        str(wanted[0]),
        "-c",
        str(wanted[1]),
    ]
    steps.run("安装 Python 软件包(首次约两分钟)", command, logs / "pip.log")
    stamp.write_text(mark)


def _node_packages(steps: Steps, logs: Path) -> None:
    stamp, mark = PWA / "node_modules" / ".packages", fingerprint([PWA / "package-lock.json"])
    if _is(stamp, mark):
        steps.skip("网页软件包")
        return
    steps.run(
        "安装网页软件包",
        [str(VENV / "bin" / "npm"), "ci", "--no-audit", "--no-fund"],
        logs / "npm.log",
        PWA,
        node_env(),
    )
    stamp.write_text(mark)


def page_inputs() -> list[Path]:
    """Everything that the built village page and desk depend on."""
    loose = [*PWA.glob("*.ts"), *PWA.glob("*.json"), *PWA.glob("*.html")]
    shared = [ROOT / "datasets" / name for name in ("schema.sql", "search.sql", "search.json")]
    return [*loose, *shared, PWA / "src", PWA / "public", ROOT / "app" / "version.py"]


def _page(steps: Steps, logs: Path) -> None:
    stamp, mark = PWA / "dist" / ".built", fingerprint(path for path in page_inputs() if path.exists())
    if _is(stamp, mark):
        steps.skip("村级页面和坐席台")
        return
    command = [str(VENV / "bin" / "node"), str(PWA / "node_modules" / "vite" / "bin" / "vite.js"), "build"]
    steps.run("构建村级页面和坐席台", command, logs / "vite.log", PWA, node_env())
    stamp.write_text(mark)


def node_env() -> dict[str, str]:
    """The environment with Node of the virtual environment first on the path."""
    return {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def _is(stamp: Path, mark: str) -> bool:
    return stamp.exists() and stamp.read_text() == mark


def debian_packages(names: dict[str, str], steps: Steps, logs: Path) -> None:
    """Install Debian packages whose command (value) is missing, when root; else say what to install. One step."""
    missing = [
        package for package, command in names.items() if not shutil.which(command) and not Path(command).exists()
    ]
    if not missing:
        steps.skip("浏览器和字体")
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(f"缺少 {' '.join(missing)}。请用管理员运行:apt-get install -y {' '.join(missing)}")
    install = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps.run(f"安装 {' '.join(missing)}", ["sh", "-c", install], logs / "apt.log", env=env)
