"""`make audit`: what the advisories say of everything Prozvon is installed with. No service, no verdict."""

import json
import subprocess
import sys
from typing import Any


def verdict(said: str, errors: str) -> tuple[int, str]:
    """Exit code and words for pip-audit's JSON and errors. 0: nothing known, or nobody to ask; 1: holes."""
    try:
        packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except ValueError:
        why = errors.strip().splitlines()[-1][:200] if errors.strip() else "no answer"
        return 0, f"audit skipped: no advisory service is reachable ({why})"
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return 0, f"audit skipped: no advisory service knows any of the {len(packages)} packages"
    holes = [
        f"  {package['name']} {package['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no version yet'})"
        for package in asked
        for hole in package["vulns"]
    ]
    head = f"{len(asked)} of {len(packages)} packages asked about, {len(holes)} known holes"
    return bool(holes), "\n".join([head, *holes])


def main() -> int:
    asked = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run([*asked, "--skip-editable"], capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        print("audit skipped: no advisory service answers within ten minutes")
        return 0
    if "No module named pip_audit" in done.stderr:
        print("audit skipped: pip-audit is not installed (pip install 'prozvon[audit]')")
        return 0
    code, words = verdict(done.stdout, done.stderr)
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
