"""The documentation's configurations are valid."""
import os
import re
import subprocess

import environment
from harness import DEADLINE_S


def pages():
    for folder in ("", "docs"):
        for name in sorted(os.listdir(os.path.join(environment.ROOT, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def text_of(page):
    with open(os.path.join(environment.ROOT, page), encoding="utf-8") as text:
        return text.read()


def configurations(page):
    """The YAML blocks that are configurations."""
    for block in re.findall(r"^```yaml\n(.*?)^```", text_of(page), re.M | re.S):
        if re.search(r"^receivers:", block, re.M) and re.search(r"^service:", block, re.M):
            yield block


def every_configuration_in_the_pages_is_valid(case):
    found = [(page, config) for page in pages() for config in configurations(page)]
    assert "README.md" in {page for page, _ in found}, [page for page, _ in found]
    for page, config in found:
        path = os.path.join(case.folder, "page.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(config.replace("/var/lib/millrace", case.folder))
        done = subprocess.run([case.millrace, "validate", "--config", path], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        assert done.returncode == 0 and done.stderr == "", f"{page}: {done.stderr}"


def cases():
    yield "every configuration in the pages is valid", every_configuration_in_the_pages_is_valid
